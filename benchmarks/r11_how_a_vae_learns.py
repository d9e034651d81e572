"""R11: how a VAE learns (AssemblyAI, 2022). A lesson in pictures without a recipe, so there is nothing to run.

What stands here names the figure that notebook 08 measures in its place.
"""

TITLE = "how a VAE learns"
SOURCE = {
    "name": "AssemblyAI, Introduction to Variational Autoencoders Using Keras, 2022",
    "url": "https://www.assemblyai.com/blog/introduction-to-variational-autoencoders-using-keras/",
}
EPOCHS = None
MEASURES = {
    "cost_of_a_one_among_sixes": {
        "name": "loss of a test one moved to where the sixes live, above its own",
        "unit": "nats",
        "direction": None,
        "published": None,
    },
}
