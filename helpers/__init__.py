"""What the notebooks import. Each module is one subject:

datasets            load_mnist and load_fashion_mnist: real data where it can be found, a stand-in where not
data_files          reads the files of both data sets and refuses what is not them
digits_stand_in     digits to run on where MNIST cannot be reached
garments_stand_in   garments to run on where Fashion-MNIST cannot be reached
environment         check_environment: versions, backend, cores, accelerator, and what to do about a missing piece
reproducibility     set_seed: one call before a model is built
schedules           warmup_then_cosine: a learning rate that starts gently, runs fast and settles
whole_epochs        fit_whole_epochs: training in which an epoch is one call, for small networks
progress            show_progress: a bar while a model trains, nothing when it is done, an error where it goes wrong
checkpoints         keep_epochs: an interrupted training goes on from its last whole epoch
figures             rows of images, a grid of images, a learning curve
variational         the parts of a variational autoencoder: sampling, its two losses, and the model
measures            the ELBO and its parts, active units, bounds on log p(x) and its value on the plane
latent_plane        the plane of two latents: the decoded grid and the codes, both as figures
explorer            latent_explorer: the plane of two latents as a page to explore by pointer, finger or arrow keys
framed_page         a whole HTML page as a cell's output, in a frame of its own
films               frames written as a GIF that loops, and shown in a notebook
exercises           check_answer: whether a number that an exercise asks for is right, without giving it away
launch              run_workers: programs that work together on this machine, and end with what started them
guard               ends a program, and all that it started, once nobody holds its standard input any more
files               replace_file: writing that leaves the old file whole if anything goes wrong
checks              the errors for what a helper cannot take: arrays that are not images in [0, 1], and others
collection          the map of the notebooks and the results of all of them, as 00 draws them
results             the table "published, reproduced, ours" that ends a notebook
quiet               imports Keras without the start-up messages of its backend
memory              keeps freed memory from staying with the process
onednn              TensorFlow's library for processors: used on older ones too, and without a memory of its own
"""

from helpers.memory import limit_heaps
from helpers.onednn import set_up_onednn
from helpers.quiet import import_keras_quietly

limit_heaps()
set_up_onednn()
import_keras_quietly()

from helpers.checkpoints import keep_epochs  # noqa: E402
from helpers.datasets import load_fashion_mnist, load_mnist  # noqa: E402
from helpers.environment import check_environment  # noqa: E402
from helpers.progress import show_progress  # noqa: E402
from helpers.reproducibility import set_seed  # noqa: E402
from helpers.results import Result, show_results  # noqa: E402

__all__ = [
    "Result",
    "check_environment",
    "keep_epochs",
    "load_fashion_mnist",
    "load_mnist",
    "set_seed",
    "show_progress",
    "show_results",
]
