"""The linter finds each kind of error in a small lesson, but none in a valid lesson or in editors' metadata."""

import base64
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lint
from tools.notebooks import FOLDER, RESULTS_TYPE, ROOT, read_notebook
from tools.repository import name_in_colab, read_branch, read_project

NAME = "01_dense_autoencoder"
SLUG, _ = read_project()
BRANCH = read_branch()
SETUP = f'%pip install "git+https://github.com/{SLUG}@{BRANCH}"\nimport helpers'
COLLAPSED = {"jupyter": {"source_hidden": True}, "cellView": "form", "tags": ["hide-input"]}
COLAB = "https://colab.research.google.com/github"
PICTURE = base64.b64encode(b"a picture").decode()
ALT = "A curve that falls toward the floor"
OPENING = f"""# Compress a digit
*How much is left?*

![Ten digits, each with its copy below](pictures/{NAME}.png)
[Open in Colab]({name_in_colab(NAME)}), or go to [the end](#Takeaways)."""
CLOSING = f"## Takeaways\nOf 70,000 digits, [10,000](solutions/{NAME}.ipynb) are left.\n## Exercises\n"
CLOSING += "## Further reading\n[A paper of 533 pages](https://example.org/paper)"
FILM = new_output("display_data", data={"text/html": f'<img src="data:image/gif;base64,{PICTURE}" alt="{ALT}">'})


def make_results(shown=None, **changes):
    """Return an output with a result for R1 that equals the reproduced one; `shown` is the number in its table."""
    system = json.loads((ROOT / "helpers" / "reference.json").read_text(encoding="utf-8"))["R1"]
    measure = system["measures"]["test_bce"]
    row = measure | {"system": "R1", "measure": "test_bce", "ours": measure["reproduced"], "claims": True, "seconds": 9}
    row |= {"notebook": NAME, "budget": "full", "data_source": "folder", "reproduced_seconds": system["seconds"]}
    row |= changes
    text = f"{row['ours'] if shown is None else shown:.4g}"
    return new_output("display_data", data={"text/plain": text, "text/html": text, RESULTS_TYPE: [row]})


def make_lesson():
    """Return a lesson that follows every rule. Its even-numbered cells are code."""
    picture = new_output("display_data", data={"image/png": PICTURE})
    code = [
        new_code_cell(SETUP, metadata=COLLAPSED),
        new_code_cell("# Chosen by hand.\nEPOCHS = 20\nSIZES = [\n    4,\n]", metadata={"tags": ["parameters"]}),
        new_code_cell("plot()", outputs=[picture], metadata={"tags": ["destination"], "alt": ALT}),
        new_code_cell("print(10_000)", outputs=[make_results()]),
    ]
    cells = [new_markdown_cell(OPENING)]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
        cells += [cell, new_markdown_cell(CLOSING if count == len(code) else "Next, a cell.")]
    return new_notebook(cells=cells, metadata={"autoencoders": {"numbers": {"70,000": "size of the data set"}}})


@pytest.fixture
def lesson(tmp_path):
    """Return the path of a lesson in a folder with its picture and its solutions."""
    folder = tmp_path / "notebooks"
    (folder / "pictures").mkdir(parents=True)
    (folder / "solutions").mkdir()
    (folder / "pictures" / f"{NAME}.png").write_bytes(b"a picture")
    cells = [
        new_markdown_cell(f"# Solutions\n\n[Back](../{NAME}.ipynb)"),
        new_code_cell(SETUP, metadata=COLLAPSED, execution_count=1),
    ]
    nbformat.write(new_notebook(cells=cells), folder / "solutions" / f"{NAME}.ipynb")
    nbformat.write(make_lesson(), folder / f"{NAME}.ipynb")
    return folder / f"{NAME}.ipynb"


def lint_changed(path, *changes):
    notebook = read_notebook(path)
    for change in changes:
        change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return lint.check(path)


def test_valid_lesson_and_solutions_have_no_findings(lesson):
    assert lint.check(lesson) == []
    assert lint.check(lesson.parent / "solutions" / lesson.name) == []


def add(cell):
    return lambda notebook: notebook.cells.append(new_markdown_cell(cell) if isinstance(cell, str) else cell)


def show(kind="display_data", **content):
    return lambda notebook: notebook.cells[7].outputs.append(new_output(kind, **content))


def edit(number, old, new):
    return lambda notebook: update(number, source=notebook.cells[number - 1].source.replace(old, new))(notebook)


def update(number, **values):
    return lambda notebook: notebook.cells[number - 1].update(values)


def store(shown=None, **changes):
    return update(8, outputs=[make_results(shown, **changes)])


@pytest.mark.parametrize(
    ("folder", "change", "message"),
    [
        ("", lambda notebook: notebook.cells[1].pop("outputs"), "outputs"),
        ("", lambda notebook: notebook.cells.clear(), "title"),
        ("", add("# Another"), "title"),
        ("", edit(2, f"@{BRANCH}", "@v9.9.9"), "install"),
        ("", lambda notebook: notebook.cells[1].metadata.clear(), "collapsed"),
        ("solutions", edit(2, "import", "import "), "differs"),
        ("", edit(4, "EPOCHS", "epochs"), "epochs = 20"),
        ("", edit(4, "20", "2 * SIDE"), "2 * SIDE"),
        ("", update(6, metadata={"tags": ["destination"]}), "`alt`"),
        ("", add(f"![](pictures/{NAME}.png)"), "alt text"),
        ("", add('<img src="https://example.org/a.png"/>'), "alt text"),
        ("", add("[back](00_gone.ipynb)"), "00_gone.ipynb doesn't exist"),
        ("", add("![A curve](pictures/02.png)"), "pictures/02.png doesn't exist"),
        ("", add("[up](../../etc)"), "outside the project"),
        ("", add("[down](#the-end)"), "#the-end"),
        ("", add(f"[it]({COLAB}/a/b/c.ipynb)"), "another repository"),
        ("", add(f"[it]({COLAB}/{SLUG}/blob/{BRANCH}-2/notebooks/{NAME}.ipynb)"), "another repository or branch"),
        ("", edit(1, SLUG, "other/fork"), "Colab"),
        ("", edit(1, "*How much is left?*", "How much is left?"), "question"),
        ("", edit(9, f"solutions/{NAME}.ipynb", "solutions"), "no link"),
        ("solutions", edit(1, f"../{NAME}.ipynb", "../"), "no link"),
        ("", update(8, execution_count=None), "weren't executed"),
        ("", update(2, execution_count=7), "order"),
        ("", show("error", ename="ValueError", evalue="no"), "ValueError"),
        ("", show("stream", name="stderr", text="UserWarning"), "UserWarning"),
        ("", show("stream", text="in /home/ada/data"), "/home/ada"),
        ("", show(data={"text/html": "<SCRIPT>1</SCRIPT>"}), "script"),
        ("", show(data={"text/html": '<iframe title="a" sandbox="allow-scripts" srcdoc="&lt;script>">'}), "script"),
        ("", show(data={"application/javascript": "1"}), "script"),
        ("", show(data={"text/html": f'<img src="//cdn.example.org/a.png" alt="{ALT}">'}), "cdn.example.org"),
        ("", update(6, outputs=[]), f"{NAME}.png"),
        ("", add(new_code_cell("film", metadata={"tags": ["film"]}, outputs=[FILM])), f"{NAME}.gif"),
        ("solutions", add(make_lesson().cells[5]), f"{NAME}.png"),
        ("", show("stream", text=" " * 3_000_000), "MB"),
        ("", update(8, outputs=[]), "R1"),
        ("", store(notebook="02_sparse_autoencoder"), "02_sparse_autoencoder"),
        ("", store(budget="fast"), "fast"),
        ("", store(data_source="synthetic"), "synthetic"),
        ("", store(ours=float("nan")), "finite"),
        ("", store(ours=0.5), "claims"),
        ("", store(shown=0.5), "table"),
        ("", store(system="R99"), "R99"),
        ("", store(published=0.1), "published"),
    ],
)
def test_error_is_found(lesson, folder, change, message):
    findings = lint_changed(lesson.parent / folder / lesson.name, change)
    assert [finding for finding in findings if finding.level == "error" and message in finding.message]


@pytest.mark.parametrize(
    ("prose", "shown", "is_missing"),
    [
        ("148 nats, and 50 % of 60,000", "loss 147.52, share 0.4981, 60000", False),
        ("| a | b |\n|---|---|\n| 147.5 | 2 |", "loss 147.4", True),
        ("In 1989, by $784 x$ and `257`, R13 took float32, as [a paper](https://example.org/12345) says", "", False),
        ("In 50 seconds", '<p style="left: 50px">', True),
    ],
)
def test_number_in_prose_must_appear_in_an_output_or_in_code(lesson, prose, shown, is_missing):
    assert bool(lint_changed(lesson, add(prose), show("stream", text=shown))) == is_missing


def test_metadata_from_editors_is_not_reported():
    stored = {"jupyter": {"source_hidden": True}, "collapsed": False, "editable": True, "execution": {}}  # JupyterLab
    stored |= {"vscode": {"languageId": "python"}, "trusted": True}
    stored |= {"colab": {"height": 34}, "cellView": "form", "outputId": "0"}
    path = FOLDER / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    notebook.metadata.kernelspec.display_name = "Python 3 (ipykernel)"
    notebook.metadata.language_info.update(version="3.11.7", file_extension=".py", mimetype="text/x-python")
    notebook.metadata.update(colab={"provenance": []}, vscode={"interpreter": {"hash": "0"}}, orig_nbformat=4)
    for cell in notebook.cells:
        cell.metadata.update(stored, id=cell.pop("id"))
    notebook.nbformat_minor = 0  # as in Colab
    assert lint.check(path, notebook) == lint.check(path)


@pytest.mark.parametrize(("text", "level"), [("It is just a layer.", "warning"), ("It took 147.5 nats.", "error")])
def test_only_errors_set_the_exit_status(lesson, monkeypatch, capsys, text, level):
    monkeypatch.setattr("tools.notebooks.FOLDER", lesson.parent)
    monkeypatch.setattr(lint, "ROOT", lesson.parent.parent)
    lint_changed(lesson, add(text))
    with pytest.raises(SystemExit) as exit_info:
        lint.main(["01"])
    assert exit_info.value.code == (1 if level == "error" else 0)
    assert f"notebooks/{NAME}.ipynb, cell 10: {level}: " in capsys.readouterr().out
