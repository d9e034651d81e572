"""What maintainers run: writing files, executing and publishing, the tables, the repository's name, the set-up."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import NamedTuple

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import clean_outputs, execute, files, notebooks, repository, results, setup_venv
from tools.notebooks import ROOT

PICTURE = base64.b64encode(b"a picture").decode()
ROW = {
    "system": "R1",
    "measure": "test_bce",
    "name": "cross-entropy",
    "unit": "nats per pixel",
    "direction": "lower",
    "published": 0.09,
    "reproduced": 0.0927645,
    "ours": 0.0913,
    "claims": True,
    "reproduced_seconds": 58.8,
    "notebook": "01_two",
    "seconds": 9.6,
    "seed": 0,
    "budget": "full",
    "data_source": "folder",
    "versions": {},
}
README = """# Title
<!-- notebooks:begin -->
old
<!-- notebooks:end -->

<!-- results:begin -->
<!-- results:end -->

<!-- races:begin -->
old
<!-- races:end -->

<!-- card:begin -->
old
<!-- card:end -->
"""


def make_notebook(*sources, outputs=()):
    """Return a notebook with an opening, a code cell for each source, and outputs in a last cell."""
    cells = [new_markdown_cell("# Compress a digit\n\n*How much is left?*"), *map(new_code_cell, sources)]
    if outputs:
        cells.append(new_code_cell("pass", outputs=list(outputs)))
    return new_notebook(cells=cells)


def show(data):
    """Return an output that shows `data`, by media type."""
    return new_output("display_data", data=data)


def say(text, name="stdout"):
    """Return an output that a cell wrote to a stream."""
    return new_output("stream", name=name, text=text)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return an empty folder that the tools take for the project."""
    (tmp_path / "notebooks" / "solutions").mkdir(parents=True)
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path / "notebooks")
    for module in (execute, repository):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "HTML", tmp_path / "build" / "html")
    monkeypatch.setattr(repository, "PYPROJECT", tmp_path / "pyproject.toml")
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(results, "README", tmp_path / "README.md")
    monkeypatch.setattr(results, "CARD", tmp_path / "absent.json")
    monkeypatch.setattr(results, "RACES", tmp_path / "races.json")
    return tmp_path


def store(project, **notebooks_by_name):
    """Write notebooks to the project's folder and return the bytes of each file, by name."""
    for name, notebook in notebooks_by_name.items():
        nbformat.write(notebook, project / "notebooks" / f"{name}.ipynb")
    return read_stored(project)


def read_stored(project):
    """Return the bytes of each notebook of the project, by name."""
    return {path.stem: path.read_bytes() for path in (project / "notebooks").glob("*.ipynb")}


def test_written_text_is_read_again_and_keeps_the_mode_of_the_file(tmp_path):
    file = tmp_path / "digits.txt"
    files.write_text(file, "x̂\n")
    assert file.read_bytes() == "x̂\n".encode()
    file.chmod(0o600)
    files.write_text(file, "z\n")
    assert file.read_text() == "z\n"
    assert file.stat().st_mode & 0o777 == 0o600 or os.name == "nt"


@pytest.mark.parametrize("moment", ["while writing", "at the end"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_file_stays_whole_and_alone_when_writing_fails(tmp_path, monkeypatch, moment, error):
    file = tmp_path / "digits.txt"
    file.write_text("old")

    def fail(*_, **__):
        raise error

    class FullDisk:
        """A file that takes nothing."""

        def __init__(self, descriptor, mode):
            os.close(descriptor)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        write = fail

    if moment == "while writing":
        monkeypatch.setattr(files.os, "fdopen", FullDisk)
    else:
        monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(type(error)):
        files.write_text(file, "new")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_notebooks_come_in_reading_order_and_can_be_chosen_by_number(project):
    for name in ("01_two", "00_one", "solutions/00_one"):
        store(project, **{name: make_notebook()})
    assert [notebooks.name_of(path) for path in notebooks.list_notebooks()] == ["00_one", "01_two", "solutions/00_one"]
    assert [notebooks.name_of(path) for path in notebooks.list_notebooks("00")] == ["00_one", "solutions/00_one"]
    with pytest.raises(ValueError, match=r"no notebook begins with '07'; there are 00_one, 01_two"):
        notebooks.list_notebooks("07")


def test_file_that_is_no_notebook_is_refused_by_name(tmp_path):
    file = tmp_path / "00_one.ipynb"
    file.write_text("<<<<<<< HEAD")
    with pytest.raises(ValueError, match=r"00_one\.ipynb is not a readable notebook"):
        notebooks.read_notebook(file)


def test_title_and_question_are_read_and_a_missing_question_is_named():
    notebook = make_notebook()
    assert notebooks.read_title(notebook) == "Compress a digit"
    assert notebooks.read_question(notebook) == "How much is left?"
    notebook.cells[0].source = "# Compress a digit\n\nHow much is left?"
    with pytest.raises(ValueError, match=r"'Compress a digit' has no line \*in italics"):
        notebooks.read_question(notebook)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (["\rtraining:  50%|# | 1/2", "\rtraining: 100%|##| 2/2", "\r                       \r"], []),
        (["begin\n", "\rtraining: 50%|# | 1/2", "\r                      \r"], ["begin\n"]),
        (["\rtraining: 50%|# | 1/2", "\r                      \r", "end\n"], ["end\n"]),
        (["\rtraining: 50%|# | 1/2", "\r                      \r", "\n", "end\n"], ["\nend\n"]),
        (["loss 0.09\n", "loss 0.08\n"], ["loss 0.09\nloss 0.08\n"]),
        (["  digits  garments\n"], ["  digits  garments\n"]),
    ],
    ids=["bar alone", "text, bar", "bar, text", "bar, empty line, text", "text", "text with spaces"],
)
def test_cleaning_drops_progress_bars_and_keeps_all_other_text(written, kept):
    notebook = make_notebook(outputs=map(say, written))
    clean_outputs.clean(notebook, 1)
    assert [output.text for output in notebooks.list_outputs(notebook)] == kept


def test_cleaning_keeps_pictures_values_and_errors():
    outputs = [
        show({"image/png": PICTURE, "text/plain": "<Figure size 640x480 with 1 Axes>"}),
        new_output("execute_result", data={"text/plain": "3"}, execution_count=1),
        new_output("error", ename="ValueError", evalue="no", traceback=[]),
        say("a warning", "stderr"),
    ]
    notebook = make_notebook(outputs=outputs)
    clean_outputs.clean(notebook, 1)
    assert notebooks.list_outputs(notebook) == outputs


def test_cleaning_keeps_only_metadata_of_the_lesson():
    notebook = make_notebook("1")
    notebook.cells[1].metadata = {"tags": ["parameters"], "alt": "A curve", "execution": {"iopub.status": "2026"}}
    notebook.metadata = {"kernelspec": {"name": "mine"}, "language_info": {"version": "3.11.7"}, "widgets": {}}
    clean_outputs.clean(notebook, 12.6)
    assert notebook.cells[1].metadata == {"tags": ["parameters"], "alt": "A curve"}
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "autoencoders": {"seconds": 13},
    }


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (new_output("error", ename="ValueError", evalue="no", traceback=[]), "a cell failed: ValueError"),
        (say("UserWarning: old\n  fit()\n", "stderr"), "a cell wrote to standard error: UserWarning: old"),
        (say("MNIST: 6,000 images\nThese are stand-ins, not MNIST\n"), "a stand-in was used"),
        (show({notebooks.RESULTS_TYPE: [ROW | {"budget": "fast"}]}), "the budget is not the full one"),
        (show({"text/plain": "<History at 0x7f41fbabe850>"}), "end its last line with a semicolon"),
    ],
    ids=["error", "warning", "stand-in", "short budget", "bare object"],
)
def test_what_must_not_be_published_is_found(output, fault):
    harmless = [say("MNIST: 60,000 images from: folder\n"), show({notebooks.RESULTS_TYPE: [ROW]})]
    assert clean_outputs.find_faults(make_notebook(outputs=harmless)) == []
    (found,) = clean_outputs.find_faults(make_notebook(outputs=[*harmless, output]))
    assert fault in found


@pytest.mark.parametrize("path", notebooks.list_notebooks(), ids=notebooks.name_of)
def test_committed_notebook_holds_nothing_that_must_not_be_published(path):
    assert clean_outputs.find_faults(notebooks.read_notebook(path)) == []


def main(*arguments):
    """Run tools.execute and return its exit code."""
    try:
        execute.main([*arguments])
    except SystemExit as stop:
        return stop.code
    return 0


def test_failing_notebooks_do_not_stop_the_next_and_no_notebook_changes(project, capsys):
    (project / "notebooks" / "00_broken.ipynb").write_text("<<<<<<< HEAD")
    before = store(project, **{"01_fails": make_notebook("1 / 0", "print('never')"), "02_runs": make_notebook("6 * 7")})
    assert main() == 1
    output = capsys.readouterr().out
    assert "\x1b" not in output
    lines = [line.split() for line in output.splitlines()]
    assert lines[0] == ["notebook", "seconds", "peak", "MB", "data", "headline", "figure"]
    assert [line[0] for line in lines[1:4]] == ["00_broken", "01_fails", "02_runs"]
    assert "FAILED: ZeroDivisionError: division by zero" in output
    assert "is not a readable notebook" in output
    assert "FAILED" not in " ".join(lines[3])
    assert read_stored(project) == before
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (project / "build" / "html").iterdir()}
    assert pages.keys() == {"01_fails", "02_runs"}
    assert "ZeroDivisionError" in pages["01_fails"]
    assert "never" not in re.sub(r"<[^>]+>", "", pages["01_fails"]).replace("'never'", "")
    assert "42" in re.sub(r"<[^>]+>|[^<>]*\{[^<>]*", "", pages["02_runs"])


def test_publishing_stores_outputs_and_picture_only_where_there_was_no_fault(project, capsys):
    draw = (
        "from IPython.display import Image, display\n"
        "import base64\n"
        f"display(Image(base64.b64decode({PICTURE!r}), format='png'))"
    )
    sound = make_notebook(draw, "print('seen')")
    sound.cells[1].metadata = {"tags": ["destination"], "alt": "A curve"}
    warns = make_notebook("import sys\nprint('old', file=sys.stderr)")
    before = store(project, **{"00_sound": sound, "01_warns": warns})
    assert main("--publish") == 1
    assert "FAILED: a cell wrote to standard error: old" in capsys.readouterr().out
    assert read_stored(project)["01_warns"] == before["01_warns"]
    published = notebooks.read_notebook(project / "notebooks" / "00_sound.ipynb")
    assert [cell.execution_count for cell in published.cells[1:]] == [1, 2]
    assert published.cells[2].outputs[0].text == "seen\n"
    assert published.metadata.keys() == {"kernelspec", "language_info", "autoencoders"}
    assert [path.name for path in (project / "notebooks" / "pictures").iterdir()] == ["00_sound.png"]
    assert (project / "notebooks" / "pictures" / "00_sound.png").read_bytes() == b"a picture"


def test_page_shows_the_picture_that_was_published_with_it(project):
    notebook = make_notebook(
        f"from IPython.display import Image\nimport base64\nImage(base64.b64decode({PICTURE!r}), format='png')"
    )
    notebook.cells[0].source += "\n\n![What comes out](pictures/00_sound.png)"
    notebook.cells[1].metadata["tags"] = ["destination"]
    store(project, **{"00_sound": notebook})
    assert main("--publish") == 0
    page = (project / "build" / "html" / "00_sound.html").read_text(encoding="utf-8")
    assert page.count(f"base64,{PICTURE}") == 2


def test_short_budget_runs_and_is_not_written_into_the_notebook(project, monkeypatch, capsys):
    notebook = make_notebook("EPOCHS = 20", "assert EPOCHS == 1")
    notebook.cells[1].metadata["tags"] = ["parameters"]
    before = store(project, **{"00_one": notebook})
    monkeypatch.setattr(execute, "read_fast_budget", lambda: {"00_one": {"EPOCHS": 1}})
    assert main("--fast") == 0, capsys.readouterr().out
    assert read_stored(project) == before


def make_parallel(own, other):
    """Return a notebook that ends only if another runs at the same time: each waits for the other's file."""
    meet = (
        f"import pathlib, time\npathlib.Path({own!r}).touch()\n"
        f"for _ in range(600):\n    time.sleep(0.1 * (not pathlib.Path({other!r}).exists()))\n"
        f"assert pathlib.Path({other!r}).exists()"
    )
    notebook = make_notebook("EPOCHS = 20", meet)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    return notebook


@pytest.mark.parametrize("arguments", [["--fast"], ["--jobs", "2"]], ids=["short budget", "two jobs"])
def test_two_notebooks_run_at_a_time(project, monkeypatch, capsys, arguments):
    store(project, **{"00_one": make_parallel("a", "b"), "01_two": make_parallel("b", "a")})
    monkeypatch.setattr(execute, "read_fast_budget", lambda: {"00_one": {}, "01_two": {}})
    assert main(*arguments) == 0, capsys.readouterr().out
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines[1:3]] == ["00_one", "01_two"]
    assert all(20 < int(line[2]) < 1000 for line in lines[1:3]), "a bare kernel takes some 80 MB"


@pytest.mark.parametrize("arguments", [[], ["--fast", "--jobs", "1"]], ids=["full budget", "one job"])
def test_notebooks_run_one_after_the_other(project, monkeypatch, capsys, arguments):
    alone = "import pathlib, time\npathlib.Path('running').mkdir()\ntime.sleep(0.5)\npathlib.Path('running').rmdir()"
    notebooks = {"00_one": make_notebook("", alone), "01_two": make_notebook("", alone)}
    for notebook in notebooks.values():
        notebook.cells[1].metadata["tags"] = ["parameters"]
    store(project, **notebooks)
    monkeypatch.setattr(execute, "read_fast_budget", lambda: {"00_one": {}, "01_two": {}})
    assert main(*arguments) == 0, capsys.readouterr().out


def test_what_interrupted_trainings_left_is_forgotten_before_their_notebook_is_published(project, monkeypatch, capsys):
    monkeypatch.setattr(execute, "ROOT", project)
    (project / "build").mkdir(exist_ok=True)
    for name in ("00_small.npz", "01_other.npz"):
        (project / "build" / name).write_bytes(b"an epoch")
    store(project, **{"00_one": make_notebook("1")})
    assert main("--publish", "--notebook", "00") == 0, capsys.readouterr().out
    assert [path.name for path in sorted((project / "build").glob("*.npz"))] == ["01_other.npz"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--publish", "--fast"], "only the full budget is published"),
        (["--publish", "--jobs", "2"], "what is published runs alone"),
        (["--jobs", "0"], "--jobs 0: expected one or more"),
        (["--notebook", "07"], "no notebook begins with '07'; there are 00_one, 01_two"),
        (["--fast"], "fast.toml has no entry for 01_two"),
    ],
    ids=" ".join,
)
def test_request_that_makes_no_sense_is_refused_before_anything_runs(project, monkeypatch, capsys, arguments, message):
    before = store(project, **{"00_one": make_notebook("1"), "01_two": make_notebook("2")})
    monkeypatch.setattr(execute, "read_fast_budget", lambda: {"00_one": {}})
    assert main(*arguments) == 2
    assert message in capsys.readouterr().err
    assert read_stored(project) == before
    assert not (project / "build").exists()


def test_relative_data_folder_is_made_absolute_for_the_kernels(project, monkeypatch):
    monkeypatch.chdir(project)
    monkeypatch.setenv("AUTOENCODER_DATA", "data")
    store(project, **{"00_one": make_notebook("1")})
    assert main("--notebook", "07") == 2
    assert os.environ["AUTOENCODER_DATA"] == str((project / "data").resolve())


def test_headline_figure_of_a_notebook_is_its_first_row(capsys):
    execute.print_table([execute.Run("01_two", 61.4, "", 1234.0, "folder", results=[ROW, ROW | {"ours": 1.0}])])
    assert capsys.readouterr().out.splitlines()[1].split() == (
        ["01_two", "61", "1,234", "folder", "R1", "cross-entropy:", "0.0913"]
    )


def test_links_to_notebooks_become_links_to_pages_and_links_elsewhere_stay(tmp_path):
    notebook = make_notebook()
    elsewhere = "https://colab.research.google.com/github/a/b/blob/main/notebooks/00_one.ipynb"
    notebook.cells[0].source += f"\n\n[one](00_one.ipynb), [two](solutions/01_two.ipynb#The-end), [Colab]({elsewhere})"
    page = execute.render(notebook, tmp_path / "00_one.ipynb")
    assert {'href="00_one.html"', 'href="solutions/01_two.html#The-end"', f'href="{elsewhere}"'} <= set(
        re.findall(r'href="[^"]*"', page)
    )


def test_page_needs_nothing_from_the_network(tmp_path):
    notebook = make_notebook("1")
    notebook.cells[0].source += "\n\nThe code $z$ of a picture:\n\n$$z = W_e\\,x$$"
    page = execute.render(notebook, tmp_path / "00_one.ipynb")
    assert re.findall(r"""<(?:script|img|iframe|link)[^>]*(?:src|href)=["']?(?:https?:)?//[^>]*""", page) == []
    assert re.findall(r"""@import[^;]*//[^;]*|url\(["']?(?:https?:)?//[^)]*""", page) == []
    assert page.count("<math") == 2


@pytest.fixture
def linked(project):
    """Return a project with copies of the real pyproject.toml and notebooks, and a short README and CONTRIBUTING."""
    shutil.copy(ROOT / "pyproject.toml", project)
    for path in [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "notebooks").glob("solutions/*.ipynb")]:
        shutil.copy(path, project / path.relative_to(ROOT))
    slug, _ = repository.read_project()
    for name in ("README.md", "CONTRIBUTING.md"):
        (project / name).write_text(f"[Colab](https://colab.research.google.com/github/{slug}/blob/main/)\n")
    return project


def read_all(project):
    """Return the bytes of all files of a project, by path."""
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def test_renaming_changes_every_link_and_renaming_back_restores_every_byte(linked):
    before = read_all(linked)
    old, version = repository.read_project()
    assert repository.rename("ada/my-autoencoders") == len(before)
    assert repository.read_project() == ("ada/my-autoencoders", version)
    for path, content in read_all(linked).items():
        assert old.encode() not in content, path
        assert content.count(b"ada/my-autoencoders") == before[path].count(old.encode()), path
    repository.rename(old)
    assert read_all(linked) == before


def test_renaming_that_failed_half_way_can_be_repeated(linked, monkeypatch):
    write, written = repository.write_text, []

    def fail_at_third(path, text):
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        write(path, text)

    old, _ = repository.read_project()
    monkeypatch.setattr(repository, "write_text", fail_at_third)
    with pytest.raises(OSError, match="No space"):
        repository.rename("ada/my-autoencoders")
    repository.rename("ada/my-autoencoders")
    assert not any(old.encode() in content for content in read_all(linked).values())


@pytest.mark.parametrize(
    "slug", ["", "ada", "ada/", "/digits", "a/b/c", "https://github.com/ada/digits", "a b/c", "a/b\n"]
)
def test_malformed_name_of_a_repository_is_refused_and_nothing_changes(linked, slug):
    before = read_all(linked)
    with pytest.raises(ValueError, match="expected owner/name"):
        repository.rename(slug)
    assert read_all(linked) == before


def test_repository_tool_without_a_name_says_how_to_call_it(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["repository"])
    with pytest.raises(SystemExit, match="make repository SLUG=owner/name"):
        repository.main()


plain_text = st.text(st.characters(codec="utf-8", exclude_characters="<"))


@given(plain_text, plain_text, plain_text, plain_text)
def test_filling_replaces_what_stands_between_the_comments_and_nothing_else(before, old, new, after):
    around = "{}<!-- t:begin -->\n{}\n<!-- t:end -->{}"
    filled = results.fill(around.format(before, old, after), "t", new)
    assert filled == around.format(before, new, after)
    assert results.fill(filled, "t", new) == filled


@pytest.mark.parametrize("text", ["", "<!-- t:begin -->\n", "<!-- t:begin -->\n<!-- t:end -->\n" * 2])
def test_filling_refuses_a_text_without_exactly_one_pair_of_comments(text):
    with pytest.raises(ValueError, match="expected one pair of comments <!-- t:begin -->"):
        results.fill(text, "t", "new")


def test_results_are_gathered_from_lessons_and_fill_all_tables(project, capsys):
    store(
        project,
        **{
            "00_one": make_notebook(),
            "01_two": make_notebook(outputs=[show({notebooks.RESULTS_TYPE: [ROW]})]),
            "solutions/01_two": make_notebook(outputs=[show({notebooks.RESULTS_TYPE: [ROW]})]),
        },
    )
    path = project / "notebooks" / "01_two.ipynb"
    lesson = notebooks.read_notebook(path)
    lesson.metadata["autoencoders"] = {"seconds": 90}
    nbformat.write(lesson, path)
    shutil.copy(ROOT / "pyproject.toml", project)
    (project / "README.md").write_text(README)
    results.main()
    gathered = json.loads((project / "results.json").read_text(encoding="utf-8"))
    assert gathered == results.gather()
    assert list(gathered["notebooks"]) == ["00_one", "01_two"]
    assert gathered["results"] == [ROW]
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert readme == results.fill_readme(README, gathered, {}, {})
    assert "old" not in readme
    slug, _ = repository.read_project()
    colab = f"[Colab](https://colab.research.google.com/github/{slug}/blob/main/notebooks"
    for row in (
        f"| [00 Compress a digit](notebooks/00_one.ipynb) | How much is left? | – |  | {colab}/00_one.ipynb) |",
        f"| [01 Compress a digit](notebooks/01_two.ipynb) | How much is left? | R1 | 1.5 | {colab}/01_two.ipynb) |",
        "| [R1](notebooks/01_two.ipynb) | cross-entropy (nats per pixel) | 0.09 | 0.09276 | 0.0913 | 59 s | 10 s |",
    ):
        assert row in readme.splitlines()


def test_figure_that_nobody_published_is_a_dash_in_the_table():
    row = ROW | {"published": None, "reproduced": None, "reproduced_seconds": None}
    assert results.make_results_table({"results": [row]}).splitlines()[-1].endswith("| – | – | 0.0913 | – | 10 s |")


def test_readme_without_its_comments_is_left_alone_and_so_is_the_results_file(project):
    store(project, **{"00_one": make_notebook()})
    shutil.copy(ROOT / "pyproject.toml", project)
    (project / "README.md").write_text("# Title\n")
    with pytest.raises(ValueError, match="expected one pair of comments"):
        results.main()
    assert (project / "README.md").read_text() == "# Title\n"
    assert not (project / "results.json").exists()


class Version(NamedTuple):
    """A version of Python as sys.version_info has it."""

    major: int
    minor: int
    micro: int = 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with a lock and an extra, in which set-up would make .venv; nothing is installed."""
    monkeypatch.setattr(setup_venv, "ROOT", tmp_path)
    monkeypatch.setattr(setup_venv, "subprocess", FakeSubprocess)
    monkeypatch.setattr(setup_venv.venv, "create", lambda path, **_: make_venv(path))
    monkeypatch.setattr(FakeSubprocess, "returncode", 0)
    monkeypatch.setattr(FakeSubprocess, "commands", [])
    (tmp_path / "requirements.lock").write_text("keras==3.15.1\n")
    (tmp_path / "pyproject.toml").write_text('[project.optional-dependencies]\nbackends = ["jax==0.10.2"]\n')
    pretend_python(monkeypatch, Version(3, 12))
    return tmp_path


class FakeSubprocess:
    """Stands for the module of that name and runs nothing."""

    CalledProcessError = subprocess.CalledProcessError
    returncode = 0
    commands = ()

    @classmethod
    def run(cls, command):
        cls.commands.append(command)
        return SimpleNamespace(returncode=cls.returncode)


def make_venv(path):
    """Put a file where the Python of an environment would be."""
    python = path / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()


def pretend_python(monkeypatch, version):
    """Let set-up believe that it runs on this version of Python."""
    text = ".".join(map(str, version))
    fake = SimpleNamespace(version_info=version, version=f"{text} (main)", exit=sys.exit, platform="linux", stderr=None)
    monkeypatch.setattr(setup_venv, "sys", fake)


def test_set_up_is_current_until_lock_or_python_changes(folder, monkeypatch):
    assert not setup_venv.is_current()
    setup_venv.main()
    assert setup_venv.is_current()
    (folder / "requirements.lock").write_text("keras==3.16.0\n")
    assert not setup_venv.is_current()
    setup_venv.main()
    assert setup_venv.is_current()
    pretend_python(monkeypatch, Version(3, 13))
    assert not setup_venv.is_current()
    pretend_python(monkeypatch, Version(3, 12))
    setup_venv.find_python().unlink()
    assert not setup_venv.is_current()


def test_extra_has_an_environment_of_its_own_held_to_the_lock(folder):
    setup_venv.main("backends")
    assert [path.name for path in folder.glob(".venv*")] == [".venv-backends"]
    pinned, project = FakeSubprocess.commands
    assert pinned[-2:] == ["-r", str(folder / "requirements.lock")]
    assert f"{folder}[backends]" in project
    assert project[-2:] == ["--constraint", str(folder / "requirements.lock")]
    assert "--no-deps" not in project
    assert setup_venv.is_current("backends")
    (folder / "pyproject.toml").write_text('[project.optional-dependencies]\nbackends = ["jax==0.11.0"]\n')
    assert not setup_venv.is_current("backends")


def test_environment_without_an_extra_takes_nothing_that_is_not_pinned(folder):
    setup_venv.main()
    assert [path.name for path in folder.glob(".venv*")] == [".venv"]
    _, project = FakeSubprocess.commands
    assert "--no-deps" in project


def test_unknown_extra_is_refused(folder):
    with pytest.raises(SystemExit, match="no extra 'backend'; it has backends"):
        setup_venv.main("backend")


@pytest.mark.parametrize("version", [Version(3, 10, 2), Version(3, 14)], ids=str)
def test_wrong_python_is_told_which_is_right(folder, monkeypatch, version):
    pretend_python(monkeypatch, version)
    with pytest.raises(SystemExit) as stop:
        setup_venv.main()
    assert f"This is Python 3.{version.minor}" in stop.value.code
    assert "make run PYTHON=python3.12" in stop.value.code
    assert not (folder / ".venv").exists()


def test_failed_installation_says_so_and_is_tried_again(folder, monkeypatch):
    monkeypatch.setattr(FakeSubprocess, "returncode", 1)
    with pytest.raises(SystemExit, match="pip could not install"):
        setup_venv.main()
    assert not setup_venv.is_current()


def test_python_that_cannot_make_environments_is_told_what_to_install(folder, monkeypatch):
    def fail(path, **_):
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(setup_venv.venv, "create", fail)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        setup_venv.main()


def list_targets():
    """Return all targets that the Makefile declares."""
    (line,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return line.split()


def find_make_commands(text):
    """Return the targets of all `make ...` commands in the code of a Markdown text."""
    code = re.findall(r"^ *```.*?^ *```|`[^`\n]+`", text, flags=re.DOTALL | re.MULTILINE)
    command = re.compile(r"(?:^|[`;&$] ?|KERAS_BACKEND=\w+ )make ([a-z-]+)", flags=re.MULTILINE)
    return {target for piece in code for target in command.findall(piece)}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_alone_prints_every_target_and_installs_nothing(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    # When this runs under `make test`, the inner make must not take it for its parent.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    lines = [re.fullmatch(r"make ([\w-]+) +(\S.*)", line) for line in done.stdout.splitlines()]
    assert [line[1] for line in lines] == list_targets()
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


def test_commands_in_a_text_are_found_and_the_verb_to_make_is_not():
    text = "Make sure to make copies. `make run NOTEBOOK=01`\n```\nmake test-all  # all\n$ make lab\n```\n`make`"
    assert find_make_commands(text + " `KERAS_BACKEND=jax make bench`") == {"run", "test-all", "lab", "bench"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_in_the_text_exists(name):
    commands = find_make_commands((ROOT / name).read_text(encoding="utf-8"))
    assert commands
    assert commands <= set(list_targets())
