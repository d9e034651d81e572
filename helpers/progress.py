"""A progress bar for training."""

import sys

from tqdm import tqdm
from tqdm.keras import TqdmCallback


def show_progress():
    """Return a Keras callback that shows epochs, losses and the time left, and wipes itself out when training ends.

    Pass it as `fit(..., callbacks=[show_progress()], verbose=0)`. What training did is then drawn as a learning
    curve, not kept as a log.
    """
    return TqdmCallback(
        verbose=0, tqdm_class=tqdm, file=sys.stdout, leave=False, mininterval=0.5, ncols=100, desc="training"
    )
