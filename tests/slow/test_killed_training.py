"""Training that is killed and started again ends with the same losses."""

import multiprocessing
import os
import signal

import pytest

from helpers.checkpoints import ResumeCheckpoint
from tests.helpers.small_models import build_autoencoder, train

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]


def train_in_a_process(path, report, fatal_checkpoint=None):
    """Train and report the losses, or die while writing the checkpoint with the number `fatal_checkpoint`."""
    if fatal_checkpoint is not None:
        rename, numbers = os.replace, iter(range(3))

        def rename_or_die(*names):
            if next(numbers) == fatal_checkpoint:
                os.kill(os.getpid(), signal.SIGKILL)
            rename(*names)

        os.replace = rename_or_die
    model = build_autoencoder()
    report.put("started")
    report.put(train(model, [ResumeCheckpoint(path)]))


@pytest.fixture(scope="module")
def start():
    """Return a function that starts training in a process; it returns the process and the queue for its result."""
    context = multiprocessing.get_context("forkserver")
    # Processes start with Keras already imported, since that takes the longest. TensorFlow can't be forked once it has
    # run, so each process imports the helpers, which run TensorFlow, after the fork.
    context.set_forkserver_preload(["keras"])

    def start(*arguments):
        report = context.SimpleQueue()
        process = context.Process(target=train_in_a_process, args=(arguments[0], report, *arguments[1:]))
        process.start()
        assert report.get() == "started"
        return process, report

    return start


@pytest.mark.parametrize("checkpoint", [0, 2])
def test_training_killed_while_a_checkpoint_is_written_resumes(tmp_path, start, checkpoint):
    path = tmp_path / "kept.npz"
    process, _ = start(path, checkpoint)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert path.exists() == (checkpoint > 0)
    process, report = start(path)
    assert report.get() == train(build_autoencoder())
    process.join()
