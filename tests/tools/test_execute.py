"""`make run` and `make publish`: what runs, what the pages and the table say, and what is stored."""

import base64
import re

import pytest
from nbformat.v4 import new_output

from tests.tools.conftest import make_notebook
from tools import execute, notebooks

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAG7buVgAAAABJRU5ErkJggg=="
)
DRAW = f"from IPython.display import Image\nImage({PICTURE!r}, format='png')"
STORED = new_output("stream", name="stdout", text="published: 180.2 nats\n")


def run(*arguments):
    """Run tools.execute and return its exit status."""
    with pytest.raises(SystemExit) as stop:
        execute.main([*arguments])
    return int(stop.value.code)


def read_text(page):
    """Return the visible text of an HTML page as one line."""
    return " ".join(re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())


def test_failed_notebook_shows_no_stored_results_and_does_not_stop_the_next(patched, capsys):
    (patched.folder / "notebooks" / "00_broken.ipynb").write_text("<<<<<<< HEAD")
    before = patched.store(
        _01_fails=make_notebook("1 / 0", "'never'", outputs=[STORED]), _02_runs=make_notebook("6 * 7", outputs=[STORED])
    )
    assert run() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["00_broken", "01_fails", "02_runs"]
    assert "is not a readable notebook" in lines[1]
    assert "FAILED: ZeroDivisionError: division by zero" in lines[2]
    assert lines[3].endswith("done")
    assert "Full budget" in lines[4]
    assert patched.read() == before
    failed, ran, index = map(patched.page, ("notebooks/01_fails", "notebooks/02_runs", "index"))
    text = read_text(failed)
    assert text.index("This notebook failed: ZeroDivisionError") < text.index("How much is left?")
    assert "180.2" not in failed + ran
    assert ">42<" in re.sub(r"\s", "", ran)
    assert 'href="notebooks/01_fails.html"' in index
    assert "Full budget" in read_text(index)


def test_lessons_run_by_default_and_solutions_on_request(patched, monkeypatch):
    monkeypatch.setattr(execute, "run_all", lambda runs, *_: found.append([run.name for run in runs]) or _end())
    monkeypatch.setattr(execute.RunPages, "build", lambda *_: None)

    async def _end():
        pass

    patched.store(_00_one=make_notebook(), _01_two=make_notebook(), solutions__01_two=make_notebook())
    found = []
    for arguments in ([], ["--all"], ["--notebook", "01"], ["--notebook", "solutions/01"], ["--publish"]):
        assert run(*arguments) == 0
    everything = ["00_one", "01_two", "solutions/01_two"]
    assert found == [everything[:2], everything, ["01_two"], ["solutions/01_two"], everything]


def test_publishing_stores_outputs_and_pictures_only_if_nothing_went_wrong(patched, capsys):
    sound = make_notebook(DRAW, "print('seen')", tags=["destination"])
    sound.cells[0].source += "\n\n![The result](pictures/00_sound.png)"
    sound.metadata["autoencoders"] = {"numbers": {"70,000": "size of the data set"}}
    warns = make_notebook("import sys\nprint('old', file=sys.stderr)")
    before = patched.store(_00_sound=sound, _01_warns=warns, solutions__03_sound=make_notebook("1"))
    assert run("--publish") == 1
    assert "FAILED: a cell wrote to standard error: old" in capsys.readouterr().out
    assert patched.read()["01_warns"] == before["01_warns"]
    published = notebooks.read_notebook(patched.folder / "notebooks" / "00_sound.ipynb")
    assert [cell.execution_count for cell in published.cells[1:]] == [1, 2]
    assert published.cells[2].outputs[0].text == "seen\n"
    own = published.metadata["autoencoders"]
    assert own["numbers"] == {"70,000": "size of the data set"}
    assert own["peak_memory"] > 10
    assert (patched.folder / "notebooks" / "pictures" / "00_sound.png").read_bytes() == PICTURE
    assert (patched.folder / "build" / "html" / "_images" / "00_sound.png").read_bytes() == PICTURE  # on its page, too


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--publish", "--fast"], "omit --fast"),
        (["--publish", "--jobs", "2"], "omit --jobs"),
        (["--jobs", "0"], "--jobs 0: expected at least 1"),
        (["--notebook", "07"], "no notebook name starts with '07'; available: 00, 01\n"),
        (["--fast"], "fast.toml has no entry for 01_two"),
    ],
    ids=" ".join,
)
def test_invalid_arguments_are_rejected_before_anything_runs(patched, monkeypatch, capsys, arguments, message):
    before = patched.store(_00_one=make_notebook("1"), _01_two=make_notebook("2"), solutions__01_two=make_notebook("3"))
    monkeypatch.setattr(execute, "read_fast_budget", lambda: {"00_one": {}})
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err
    assert patched.read() == before
    assert not (patched.folder / "build").exists()


def test_notebook_with_missing_packages_is_skipped_and_says_how_to_install_them(patched, capsys):
    notebook = make_notebook("1 / 0")
    notebook.metadata["autoencoders"] = {"needs": ["no_such_package"]}
    patched.store(_00_one=notebook)
    assert run() == 0
    assert "skipped: no_such_package not installed; run `make scale`" in capsys.readouterr().out
    assert "no_such_package not installed" in read_text(patched.page("notebooks/00_one"))


def test_short_budget_is_applied_and_reported_and_stores_nothing(patched, monkeypatch, capsys):
    before = patched.store(_00_one=make_notebook("EPOCHS = 20", "assert EPOCHS == 1", tags=["parameters"]))
    monkeypatch.setattr(execute, "read_fast_budget", lambda: {"00_one": {"EPOCHS": 1}})
    monkeypatch.setattr(execute.RunPages, "build", lambda *_: None)
    status, output = run("--fast"), capsys.readouterr().out
    assert status == 0, output
    assert "Short budget" in output
    assert patched.read() == before
