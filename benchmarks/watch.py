"""The clock of a race: it runs while a model trains and stops while the model is tested, after every epoch."""

import contextlib
import statistics
import time

import keras
import psutil
from tqdm import tqdm


class Watch(keras.callbacks.Callback):
    """Time a training, test its model after every epoch, and end it once the result is as low as `target`."""

    def __init__(self, target, test, title, last_epoch=None):
        super().__init__()
        self.target, self.test, self.last_epoch = target, test, last_epoch
        self.bar = tqdm(desc=title, unit="epoch", leave=False)
        self.seconds, self.figure, self.memory = [], None, 0  # the seconds of each epoch, the latest result, bytes
        self.started = time.perf_counter()

    def run(self, train):
        """Call train(self), a training with this callback, until it ends or an epoch is the last; return self."""
        self.started = time.perf_counter()
        with contextlib.suppress(_Finished):
            train(self)
        return self

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.started)
        self.memory = max(self.memory, psutil.Process().memory_info().rss)
        self.figure = self.test(self.model)
        self.bar.total = self.last_epoch or self.params["epochs"]
        self.bar.set_postfix(result=f"{self.figure:.4g}", target=f"{self.target:.4g}")
        self.bar.update()
        if self.figure <= self.target or len(self.seconds) == self.last_epoch:
            raise _Finished
        self.started = time.perf_counter()

    def report(self):
        """Return what is stored about the training: result, seconds, updates of the weights, memory in MB."""
        self.bar.close()
        return {
            "reached": self.figure <= self.target,
            "figure": self.figure,
            "seconds": round(sum(self.seconds), 2),
            "epochs": len(self.seconds),
            "updates": len(self.seconds) * self.params["steps"],
            "memory": round(self.memory / 1e6),
        }


def report_paced(watches, epochs):
    """Return the report of a training of `epochs` epochs from watches that each timed its first few.

    The first epoch, in which functions are traced, counts once; every other epoch counts the median of those timed.
    Whether the target was reached isn't known: it is the result of the recipe's stored run.
    """
    firsts = [watch.seconds[0] for watch in watches]
    others = [seconds for watch in watches for seconds in watch.seconds[1:]]
    reports = [watch.report() for watch in watches]
    return {
        "reached": None,
        "figure": None,
        "seconds": round(statistics.median(firsts) + (epochs - 1) * statistics.median(others), 2),
        "epochs": epochs,
        "timed_epochs": len(firsts + others),
        "seconds_of_epochs": [round(seconds, 2) for seconds in firsts + others],  # shows whether the pace was steady
        "updates": epochs * reports[0]["updates"] // reports[0]["epochs"],
        "memory": max(report["memory"] for report in reports),
    }


class _Finished(Exception):
    """The training is over; raised to end it from inside."""
