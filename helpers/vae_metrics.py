"""Metrics of a trained variational autoencoder: the ELBO and its parts, active units, and log p(x).

An encoder returns [z_mean, z_log_var, ...], each (n, latent_dim); a decoder maps z to the `decoded` of
`reconstruction_loss`. `options` are that function's keyword arguments, such as `vae.likelihood_options`. Values are in
nats per image. Images are (n, height, width[, channels]) or (n, pixels); NaN and other shapes raise ValueError.
"""

from collections import namedtuple

import numpy as np
from keras import ops
from scipy.special import log_expit, logit, logsumexp

from helpers.vae import kl_divergence, log_normalizer, negative_elbo, reconstruction_loss
from helpers.validation import as_count, as_numbers, as_pixels, as_positive, check_latent_dim

FIELDS = "elbo elbo_error reconstruction_loss kl_divergence kl_by_latent active_units latent_dim images bound_images"
FIELDS += " elbo_of_bound_images bounds log_likelihood"
UNUSED = 0.01  # nats: a latent below this carries almost no information about its image
AT_ONCE = 5_000  # images decoded at a time, to limit memory
LOG_2_PI = np.log(2 * np.pi)


class VaeMetrics(namedtuple("VaeMetrics", FIELDS)):
    """The result of `measure_vae`. Except for the counts, values are in nats per image, averaged over images.

    `elbo_error` is a standard error. `bounds` maps each number of samples to the importance-weighted bound.
    `log_likelihood` is computed by quadrature, for two latents. Without `bound_images`, these are {} and None.
    """

    def __str__(self):
        rows = [
            (f"ELBO, {self.images:,} images", f"{self.elbo:.2f} ± {self.elbo_error:.2f}"),
            ("  - reconstruction loss", f"{self.reconstruction_loss:.2f}"),
            ("  - KL divergence", f"{self.kl_divergence:.2f}"),
        ]
        if self.bound_images:
            rows.append((f"ELBO, the first {self.bound_images:,}", f"{self.elbo_of_bound_images:.2f}"))
        rows += [(f"  bound, {count:,} samples", f"{bound:.2f}") for count, bound in self.bounds.items()]
        if self.log_likelihood is not None:
            rows.append(("  log p(x), quadrature", f"{self.log_likelihood:.2f}"))
        rows.append(("active units", f"{self.active_units} of {self.latent_dim}"))
        lines = ["nats per image, mean over images", *(f"{name:28}{value:>18}" for name, value in rows)]
        if len(self.unused_latents) == self.latent_dim:
            lines.append(f"COLLAPSED: no latent carries {UNUSED} nats, so images are drawn without a code.")
        elif self.unused_latents:
            lines.append(f"Unused latents, with less than {UNUSED} nats: {', '.join(map(str, self.unused_latents))}")
        return "\n".join(lines)

    @property
    def unused_latents(self):
        """The latents, from 0, with a KL divergence below 0.01 nats; if all are, the posterior has collapsed."""
        return tuple(index for index, divergence in enumerate(self.kl_by_latent) if divergence < UNUSED)


def measure_vae(encoder, decoder, images, *, bound_images=None, samples=(100, 1000), seed=0, points=200, **options):
    """Measure a trained VAE on images, (n, height, width[, channels]) or (n, pixels); return VaeMetrics.

    The ELBO uses one sample of z per image. For the first `bound_images` images, it also computes importance-weighted
    bounds, one for each number in `samples`, and, with two latents, log p(x) by quadrature on a grid of `points` x
    `points`. `options` are the likelihood's. Raises ValueError for fewer than two images.
    """
    images = _check_images(images, **options)
    few = images[:0] if bound_images is None else images[: as_count(bound_images, "bound_images", 1, len(images))]
    samples = [as_count(count, "samples") for count in samples]
    z_mean, z_log_var = _encode(encoder, images)
    z = sample_latents(z_mean, z_log_var, 1, np.random.default_rng(seed))[:, 0]
    reconstruction = np.empty(len(images), "float32")
    for part in _split(len(images), AT_ONCE):
        decoded = _decode(decoder, z[part], images, **options)
        reconstruction[part] = ops.convert_to_numpy(reconstruction_loss(images[part], decoded, **options))
    by_latent = ops.convert_to_numpy(kl_divergence(z_mean[..., None], z_log_var[..., None]))  # (n, latent_dim)
    divergence = by_latent.sum(axis=1)
    elbos = -negative_elbo(reconstruction, divergence)  # (n,)
    elbo_of_few, bounds, log_likelihood = None, {}, None
    if len(few):
        weights = np.concatenate(list(_draw_log_weights(encoder, decoder, few, max(samples, default=1), seed, options)))
        bounds = {count: float(logsumexp(weights[:, :count], axis=1, b=1 / count).mean()) for count in samples}
        elbo_of_few = float(elbos[: len(few)].mean())
        if z_mean.shape[1] == 2:
            log_likelihood = float(log_likelihood_by_quadrature(decoder, few, points=points, **options).mean())
    means = [float(values.mean()) for values in (elbos, reconstruction, divergence)]
    counts = count_active_units(z_mean), z_mean.shape[1], len(images), len(few)
    error, kl_by_latent = float(elbos.std() / np.sqrt(len(elbos))), tuple(by_latent.mean(axis=0).tolist())
    return VaeMetrics(means[0], error, *means[1:], kl_by_latent, *counts, elbo_of_few, bounds, log_likelihood)


def count_active_units(z_mean, threshold=0.01):
    """Return how many latents of z_mean (n, latent_dim) have a variance over images above `threshold`.

    Source: Y. Burda, R. Grosse and R. Salakhutdinov, Importance Weighted Autoencoders, 2016, section 5.
    """
    z_mean = as_numbers(z_mean, "z_mean", "n", "latent_dim")
    if len(z_mean) < 2:
        raise ValueError("z_mean has only one image; expected at least two, since it takes their variance")
    return int((np.var(z_mean, axis=0, dtype="float64") > threshold).sum())


def iwae_bound(encoder, decoder, images, samples=100, seed=0, **options):
    """Return a lower bound on log p(x) for each of n images, (n,), in nats; more `samples` make it tighter.

    It's the log of the mean of p(x | z) p(z) / q(z | x) over samples of z from q (Burda et al. 2016, equation 8). They
    are drawn in blocks to save memory. One sample gives an estimate of the ELBO.
    """
    images, samples = _check_images(images, **options), as_count(samples, "samples")
    blocks = _draw_log_weights(encoder, decoder, images, samples, seed, options)
    return np.concatenate([logsumexp(block, axis=1, b=1 / samples) for block in blocks])


def log_likelihood_by_quadrature(decoder, images, extent=5.0, points=200, **options):
    """Return log p(x) for each of n images, (n,), in nats, as a sum over a square grid of two latents.

    The grid has `points` x `points` points over [-extent, extent] on both axes. Compare two grids to check accuracy.
    """
    images = _check_images(images, **options)
    extent, points = as_positive(extent, "extent"), as_count(points, "points", 2)
    axis = np.linspace(-extent, extent, points, dtype="float32")
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)  # (points * points, 2)
    total = np.full(len(images), -np.inf)
    for part in _split(len(z), AT_ONCE):
        decoded = _decode(decoder, z[part], images, **options)
        log_joint = log_px_given_z(images, decoded, **options) + log_standard_normal(z[part])  # (n, AT_ONCE)
        total = np.logaddexp(total, logsumexp(log_joint, axis=1))
    return total + 2 * np.log(axis[1] - axis[0])


def sample_latents(z_mean, z_log_var, samples, generator):
    """Return samples (n, samples, latent_dim) from N(z_mean, exp(z_log_var)), whose arguments are (n, latent_dim)."""
    z_mean = as_numbers(z_mean, "z_mean", "n", "latent_dim")
    z_log_var = as_numbers(z_log_var, "z_log_var", *z_mean.shape)
    epsilon = generator.standard_normal((len(z_mean), as_count(samples, "samples"), z_mean.shape[1])).astype("float32")
    with np.errstate(over="ignore"):  # `as_numbers` raises for an overflow.
        z = z_mean[:, None] + np.exp(0.5 * z_log_var)[:, None] * epsilon
    return as_numbers(z, "samples of z")


def log_px_given_z(images, decoded, likelihood="bernoulli", from_logits=False, variance=1.0):
    """Return log p(x | z) for every pair of an image and a decoded image, (images, decoded), with one matrix product.

    Both are arrays (n, ...) with the same number of pixels. `reconstruction_loss` is the negative, for matching pairs.
    """
    x = _check_images(images, likelihood).reshape(len(images), -1)
    decoded = _check_images(decoded, "gaussian" if from_logits else likelihood, name="decoded images")
    decoded = decoded.reshape(len(decoded), -1).astype("float64")
    if likelihood == "gaussian":
        variance = float(variance)
        squares = (x**2).sum(axis=1)[:, None] - 2 * x @ decoded.T + (decoded**2).sum(axis=1)
        return -0.5 * (squares / variance + x.shape[1] * (LOG_2_PI + np.log(variance)))
    logits = decoded if from_logits else logit(np.clip(decoded, 1e-7, 1 - 1e-7))
    constants = log_expit(-logits)
    if likelihood == "continuous_bernoulli":
        constants += ops.convert_to_numpy(log_normalizer(logits))
    return x @ logits.T + constants.sum(axis=1)


def log_standard_normal(z):
    """Return the log density of N(0, I) at z, summed over the last axis."""
    return -0.5 * (as_numbers(z, "z").astype("float64") ** 2 + LOG_2_PI).sum(axis=-1)


def _check_images(images, likelihood="bernoulli", from_logits=False, variance=1.0, name="images"):
    """Return images as an array (n, ...) of floats; raise ValueError for values that the likelihood doesn't allow."""
    images = as_numbers(images, name)
    if images.ndim < 2:
        raise ValueError(f"{name} have shape {images.shape}; expected (n, height, width[, channels]) or (n, pixels)")
    return images if likelihood == "gaussian" else as_pixels(images, name, *images.shape)


def _split(count, size):
    """Return slices that cover `count` items, `size` at a time."""
    return [slice(start, start + size) for start in range(0, count, size)]


def _encode(encoder, images):
    """Return z_mean and z_log_var of images, each (n, latent_dim)."""
    z_mean, z_log_var = encoder.predict(images, batch_size=1000, verbose=0)[:2]
    z_mean = as_numbers(z_mean, "the encoder's z_mean", len(images), "latent_dim")
    return z_mean, as_numbers(z_log_var, "the encoder's z_log_var", *z_mean.shape)


def _decode(decoder, z, images, likelihood="bernoulli", from_logits=False, variance=1.0):
    """Return the decoder's output for z (n, latent_dim), which must have the shape of the images."""
    check_latent_dim(decoder, z.shape[1])
    check = as_numbers if from_logits or likelihood == "gaussian" else as_pixels
    return check(decoder.predict(z, batch_size=1000, verbose=0), "decoded images", len(z), *images.shape[1:])


def _draw_log_weights(encoder, decoder, images, samples, seed, options):
    """Yield log p(x | z) + log p(z) - log q(z | x) for samples of z from q, (n, samples), a few images at a time."""
    generator = np.random.default_rng(seed)
    for part in _split(len(images), max(1, AT_ONCE // samples)):
        z_mean, z_log_var = _encode(encoder, images[part])
        weights = []
        for some in _split(samples, AT_ONCE):
            z = sample_latents(z_mean, z_log_var, len(range(samples)[some]), generator)  # (images, samples, latent_dim)
            squares = (z - z_mean[:, None]) ** 2 * np.exp(-z_log_var.astype("float64"))[:, None]
            log_q = -0.5 * (squares + z_log_var[:, None] + LOG_2_PI).sum(axis=-1)
            decoded = _decode(decoder, z.reshape(-1, z.shape[-1]), images, **options)
            pairs = zip(images[part], decoded.reshape(*z.shape[:2], *images.shape[1:]), strict=True)
            log_px = np.stack([log_px_given_z(image[None], drawn, **options)[0] for image, drawn in pairs])
            weights.append(log_px + log_standard_normal(z) - log_q)
        yield np.concatenate(weights, axis=1)
