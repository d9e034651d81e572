"""R11: how a VAE learns (AssemblyAI, 2022), a lesson in pictures. No code was published, so there is nothing to run.

The measure is what notebook 08 adds to the pictures.
"""

from benchmarks.recipes import Measure
from benchmarks.recipes.sources import ASSEMBLY_AI

NOTEBOOK = "08_variational_autoencoder"
TITLE = "how a VAE learns"
SOURCE = ASSEMBLY_AI
MEASURES = {
    "cost_of_a_one_among_sixes": Measure("loss of a test one moved to where the sixes live, above its own", "nats"),
}
