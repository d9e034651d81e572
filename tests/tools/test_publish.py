"""What `make publish` keeps of an executed notebook, what it removes, and what it refuses to store."""

import pytest
from nbformat.v4 import new_output

from tests.tools.conftest import make_notebook
from tools import clean_outputs, notebooks

ROW = {"budget": "full"}


def show(data):
    """Return an output that displays `data`, which maps media types to content."""
    return new_output("display_data", data=data)


def say(text, name="stdout"):
    """Return an output that a cell wrote to a stream."""
    return new_output("stream", name=name, text=text)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (["\rtraining:  50%|# | 1/2", "\rtraining: 100%|##| 2/2", "\r                       \r"], []),
        (["begin\n", "\rtraining: 50%|# | 1/2", "\r                      \r"], ["begin\n"]),
        (["\rtraining: 50%|# | 1/2", "\r                      \r", "\n", "end\n"], ["\nend\n"]),
        (["loss 0.09\n", "loss 0.08\n"], ["loss 0.09\nloss 0.08\n"]),
        (["  digits  garments\n"], ["  digits  garments\n"]),
    ],
    ids=["bar", "text, bar", "bar, empty line, text", "text", "text with spaces"],
)
def test_progress_bars_are_dropped_and_all_other_text_is_kept(written, kept):
    notebook = make_notebook("pass", outputs=map(say, written))
    clean_outputs.clean(notebook, 1)
    assert [output.text for output in notebooks.list_outputs(notebook)] == kept


def test_only_our_own_metadata_is_kept():
    notebook = make_notebook("1", outputs=[show({"image/png": "cGljdHVyZQ==", "text/plain": "<Figure>"})])
    kept = {"tags": ["parameters"], "alt": "A curve", "jupyter": {"source_hidden": True}, "cellView": "form"}
    notebook.cells[1].metadata = kept | {"execution": {"iopub.status": "2026"}}
    own = {"needs": ["jax"], "numbers": {"256": "a number to predict"}}
    notebook.metadata = {"kernelspec": {"name": "mine"}, "widgets": {}, "colab": {}, "autoencoders": own}
    outputs = notebooks.list_outputs(notebook)
    clean_outputs.clean(notebook, 12.6, 812.2)
    assert notebooks.list_outputs(notebook) == outputs
    assert notebook.cells[1].metadata == kept
    assert notebook.metadata.keys() == {"kernelspec", "language_info", "autoencoders"}
    assert notebook.metadata["autoencoders"] == own | {"seconds": 13, "peak_memory": 812}


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (new_output("error", ename="ValueError", evalue="no", traceback=[]), "ValueError"),
        (say("UserWarning: old\n  fit()\n", "stderr"), "UserWarning: old"),
        (say("MNIST: 6,000 images from: synthetic\n"), "synthetic"),
        (show({notebooks.RESULTS_TYPE: [ROW | {"budget": "fast"}]}), "budget"),
        (show({"text/plain": "<History at 0x7f41fbabe850>"}), "semicolon"),
    ],
    ids=["error", "warning", "synthetic", "short budget", "bare object"],
)
def test_faults_that_prevent_publishing_are_found(output, fault):
    harmless = [say("MNIST: 60,000 images from: folder\n"), show({notebooks.RESULTS_TYPE: [ROW]})]
    assert clean_outputs.find_faults(make_notebook("pass", outputs=harmless)) == []
    (found,) = clean_outputs.find_faults(make_notebook("pass", outputs=[*harmless, output]))
    assert fault in found
