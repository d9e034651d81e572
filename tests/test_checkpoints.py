"""Interrupted training: it goes on from the last whole epoch, whenever it was killed, and ends with the same losses."""

import multiprocessing
import os
import random
import signal
import time

import keras
import numpy as np
import pytest

import helpers  # noqa: F401, so that interrupted_training finds all of it
from helpers.checkpoints import keep_epochs
from tests.interrupted_training import EPOCHS, train, train_in_a_process


@pytest.fixture(scope="module")
def uninterrupted():
    return train([])


def assert_same(found, expected):
    """Fail unless histories and weights are equal to the last digit."""
    assert found[0] == expected[0]
    for weight, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_array_equal(weight, other)


class StopAfter(keras.callbacks.Callback):
    """Raise an error in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epochs_seen == self.epoch and batch == 1:
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs_seen = epoch


def test_uninterrupted_training_is_the_same_with_it_and_leaves_no_file(tmp_path, uninterrupted):
    path = tmp_path / "build" / "kept.npz"
    assert_same(train([keep_epochs(path)]), uninterrupted)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("epoch", [0, 1, 4, 5])
def test_training_goes_on_after_the_last_whole_epoch(tmp_path, capsys, uninterrupted, epoch):
    path = tmp_path / "kept.npz"
    with pytest.raises(KeyboardInterrupt):
        train([keep_epochs(path), StopAfter(epoch)])
    assert_same(train([keep_epochs(path)]), uninterrupted)
    assert (f"kept.npz: goes on after epoch {epoch} of {EPOCHS}" in capsys.readouterr().out) == (epoch > 0)
    assert not path.exists()


def test_next_fit_of_a_resumed_model_begins_with_its_first_epoch(tmp_path):
    path = tmp_path / "kept.npz"
    with pytest.raises(KeyboardInterrupt):
        train([keep_epochs(path), StopAfter(2)])

    class FitAgain(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            assert self.model._initial_epoch is None

    train([keep_epochs(path), FitAgain()])


@pytest.mark.parametrize("change", [{"seed": 1}, {"epochs": EPOCHS + 1}], ids=repr)
def test_what_another_training_left_is_not_taken(tmp_path, capsys, change):
    path = tmp_path / "kept.npz"
    with pytest.raises(KeyboardInterrupt):
        train([keep_epochs(path), StopAfter(3)])
    assert_same(train([keep_epochs(path)], **change), train([], **change))
    assert "goes on" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half of it", os.urandom(1000)], ids=["empty", "half", "noise"])
def test_file_that_is_no_checkpoint_is_named_and_training_starts_anew(tmp_path, capsys, uninterrupted, content):
    path = tmp_path / "kept.npz"
    path.write_bytes(content)
    assert_same(train([keep_epochs(path)]), uninterrupted)
    assert "kept.npz is no checkpoint" in capsys.readouterr().out


def test_pickled_objects_are_never_loaded(tmp_path, capsys, uninterrupted):
    path = tmp_path / "kept.npz"
    np.savez(path, np.array([{"training": 1}], dtype=object), allow_pickle=True)
    assert_same(train([keep_epochs(path)]), uninterrupted)
    assert "kept.npz is no checkpoint" in capsys.readouterr().out


def test_other_endings_are_refused():
    with pytest.raises(ValueError, match=r"'kept.h5' does not end in .npz"):
        keep_epochs("kept.h5")


@pytest.fixture(scope="module")
def processes():
    """Return a context whose processes start with Keras imported, which is what takes long.

    `import helpers` would also start TensorFlow, and a TensorFlow that runs does not survive a fork.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras"])
    return context


def start(processes, *arguments):
    """Return a process that trains, once it has started, and the queue of its reports."""
    report = processes.SimpleQueue()
    process = processes.Process(target=train_in_a_process, args=(arguments[0], report, *arguments[1:]))
    process.start()
    assert report.get() == "started"
    return process, report


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_training_killed_at_twenty_moments_ends_with_the_same_losses(tmp_path, processes):
    path, moments, kills, whole = tmp_path / "kept.npz", random.Random(0), 0, []
    process, report = start(processes, path)
    started = time.perf_counter()  # as a kill is timed below, so that most of them come in time
    whole.append(report.get())
    process.join()
    longest = time.perf_counter() - started
    while kills < 20:
        process, report = start(processes, path)
        process.join(moments.uniform(0, longest))
        if process.is_alive():
            process.kill()
            kills += 1
        elif not report.empty():
            whole.append(report.get())
        process.join()
    process, report = start(processes, path)
    whole.append(report.get())
    process.join()
    expected = train([], eagerly=True)
    for result in whole:
        assert_same(result, expected)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("checkpoint", [0, 3])
def test_training_killed_while_a_checkpoint_is_written_goes_on(tmp_path, processes, checkpoint):
    path = tmp_path / "kept.npz"
    process, report = start(processes, path, checkpoint)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert path.exists() == (checkpoint > 0)
    process, report = start(processes, path)
    assert_same(report.get(), train([], eagerly=True))
    process.join()
