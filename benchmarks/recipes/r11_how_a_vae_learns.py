"""R11: how a VAE learns (AssemblyAI, 2022), explained in pictures. No code was published, so there is nothing to run.

The measure is one that notebook 08 adds.
"""

from benchmarks.recipes import Measure
from benchmarks.recipes.sources import ASSEMBLY_AI

NOTEBOOK = "08_variational_autoencoder"
TITLE = "how a VAE learns"
SOURCE = ASSEMBLY_AI
MEASURES = {
    "cost_of_a_one_among_sixes": Measure("loss of a test one moved to where the sixes live, above its own", "nats"),
}
