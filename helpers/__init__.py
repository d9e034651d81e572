"""The notebooks' helpers, one module per subject. A module is imported when one of its names is first used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "animation": ["LatentGridSnapshots", "show_gif", "write_gif"],
        "checkpoints": ["ResumeCheckpoint"],
        "compiled_epochs": ["fit_compiled_epochs"],
        "datasets": ["load_fashion_mnist", "load_mnist"],
        "distributed": ["run_workers"],
        "environment": ["check_environment", "output_folder"],
        "explorer": ["latent_explorer"],
        "figures": ["plot_image_grid", "plot_image_rows", "plot_learning_curve"],
        "generation_metrics": ["Judge", "frechet_distance", "in_holes", "precision_and_recall"],
        "latent_space": ["decode_grid", "plot_codes", "plot_grid"],
        "results": ["Result", "show_results"],
        "startup": ["start_keras"],
        "training": ["set_seed", "show_progress", "warmup_then_cosine"],
        "vae": ["VariationalAutoencoder", "build_vae", "kl_divergence", "negative_elbo", "reconstruction_loss"],
        "vae_metrics": ["iwae_bound", "measure_vae"],
    },
)
