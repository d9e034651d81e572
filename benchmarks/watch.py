"""The clock of a training: it runs while a model trains and stops while the model is tested, after every epoch."""

import contextlib
import math
import statistics
import time

import keras
from tqdm import tqdm


class Watch(keras.callbacks.Callback):
    """Time every epoch and test the model after it. The training ends at `last_epoch` or once a result is `target`.

    `test` takes the model and returns a number; lower is better. Without it, epochs are only timed.
    """

    def __init__(self, title, test=None, target=-math.inf, last_epoch=None):
        super().__init__()
        self.test, self.target, self.last_epoch = test, target, last_epoch
        self.bar = tqdm(desc=title, unit="epoch", leave=False)
        self.seconds, self.results = [], []  # of each epoch
        self.started = time.perf_counter()

    def run(self, train):
        """Call train(self), a training with this callback, until it ends; return self."""
        with contextlib.suppress(_Finished):
            train(self)
        return self

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.started)
        self.bar.total = self.last_epoch or self.params["epochs"]
        if self.test:
            self.results.append(self.test(self.model))
            self.bar.set_postfix(result=f"{self.results[-1]:.4g}")
        self.bar.update()
        self.reached = bool(self.results) and self.results[-1] <= self.target
        if self.reached or len(self.seconds) == self.bar.total:
            self.bar.close()
        if self.reached or len(self.seconds) == self.last_epoch:
            raise _Finished
        self.started = time.perf_counter()

    def report(self):
        """Return what is stored about the training: its seconds and epochs and, if tested, its last result."""
        report = {"seconds": round(sum(self.seconds), 2), "epochs": len(self.seconds)}
        return report | ({"result": self.results[-1], "reached": self.reached} if self.results else {})


def report_paced(watches, epochs):
    """Return the report of a training of `epochs` epochs from watches that each timed its first few.

    The first epoch, which also compiles, counts once; every other epoch counts the median of those timed.
    """
    firsts = [watch.seconds[0] for watch in watches]
    others = [seconds for watch in watches for seconds in watch.seconds[1:]]
    return {
        "seconds": round(statistics.median(firsts) + (epochs - 1) * statistics.median(others), 2),
        "epochs": epochs,
        "timed": [round(seconds, 2) for seconds in firsts + others],  # shows whether the pace was steady
    }


class _Finished(Exception):
    """The training is over; raised to end it from inside."""
