"""Hygiene of the notebooks: every rule is a function that returns what breaks it, and can be shown to find a breach."""

import ast
import base64
import html
import json
import re
import statistics
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from markdown_it import MarkdownIt
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import explorer
from helpers.framed_page import FramedPage
from tools.clean_outputs import clean, read_films
from tools.notebooks import (
    FOLDER,
    RESULTS_TYPE,
    list_notebooks,
    list_outputs,
    name_of,
    read_notebook,
    read_question,
    read_results,
)
from tools.repository import read_project

# Lessons that build no published system, so that no figure of theirs stands beside a published one.
WITHOUT_A_SYSTEM = {"00_start_here", "13_probability_distributions", "14_errata", "15_beyond_one_machine"}
SLUG, VERSION = read_project()
COLAB = "https://colab.research.google.com/github/"
INSTALL = f"git+https://github.com/{SLUG}@v{VERSION}"
SECTIONS = ("What to take along", "On your own", "Further reading")
UNWANTED_WORDS = re.compile(r"\b(simply|just|powerful|delv(?:e|es|ed|ing))\b", flags=re.IGNORECASE)
PATH_OF_A_MACHINE = re.compile(r"(?:/home|/root|/Users|/tmp)/|\b[A-Z]:\\")
HOST = re.compile(r"""(?:https?:|["'(]\s*)//([\w.-]+)""")
KNOWN_HOSTS = {"github.com", "colab.research.google.com"}
SANDBOX = re.compile(r'<iframe title="[^"]*" sandbox="allow-scripts" srcdoc="([^"]*)"')
EXPLORER_SCRIPT = re.search("<script>.*?</script>", explorer.PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
EXPLORER_DATA = '<script type="application/json" id="data">'  # No "<" in it can end it.
MOST_BYTES = 3_000_000
FEWEST_WORDS = 800
FEWEST_LETTERS_OF_ALT = 30
MARKDOWN = MarkdownIt("commonmark").enable("table")


class Page(NamedTuple):
    """A notebook and where it stands, or would stand."""

    path: Path
    notebook: nbformat.NotebookNode

    @property
    def is_solution(self):
        return self.path.parent.name == "solutions"

    @property
    def folder(self):
        """The folder of the lessons."""
        return self.path.parent.parent if self.is_solution else self.path.parent

    @property
    def code_cells(self):
        return [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    @property
    def markdown(self):
        return [cell.source for cell in self.notebook.cells if cell.cell_type == "markdown"]


@cache
def read_page(path):
    return Page(path, read_notebook(path))


def walk(source):
    """Return all tokens of a Markdown text, those inside lines of text included."""
    return [inner for token in MARKDOWN.parse(source) for inner in (token, *(token.children or ()))]


def list_headings(sources):
    """Return level and text of each heading of some Markdown texts."""
    return [
        (int(opening.tag[1]), line.content)
        for tokens in map(MARKDOWN.parse, sources)
        for opening, line in pairwise(tokens)
        if opening.type == "heading_open"
    ]


def list_links(sources):
    """Return where the links of some Markdown texts lead."""
    tokens = [token for source in sources for token in walk(source)]
    return [token.attrs["href"] for token in tokens if token.type == "link_open"]


def list_pictures(sources):
    """Return address and alternative text of each picture of some Markdown texts, those written in HTML included."""
    tokens = [token for source in sources for token in walk(source)]
    pictures = [(token.attrs["src"], token.content) for token in tokens if token.type == "image"]
    html = "".join(token.content for token in tokens if token.type in ("html_block", "html_inline"))
    for tag in re.findall(r"<img[^>]*>", html):
        attributes = dict(re.findall(r"""(\w+)=["']([^"']*)["']""", tag))
        pictures.append((attributes.get("src", ""), attributes.get("alt", "")))
    return pictures


def read_prose(sources):
    """Return what a reader reads of some Markdown texts: no code, no addresses, the texts of pictures included."""
    tokens = [token for source in sources for token in walk(source)]
    return " ".join(token.content for token in tokens if token.type in ("text", "image"))


def list_lines(cell):
    """Return the lines of a cell that are not empty."""
    return [line for line in cell.source.splitlines() if line.strip()]


def list_texts(value):
    """Return all strings inside an output's data, pictures aside."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, item in value.items() if not key.startswith("image/") for text in list_texts(item)]
    return [text for item in value for text in list_texts(item)] if isinstance(value, list) else []


def list_stored_pictures(cell):
    """Return the PNGs that a cell's outputs store, as bytes."""
    stored = [output.get("data", {}).get("image/png") for output in cell.get("outputs", [])]
    return [base64.b64decode(picture) for picture in stored if picture]


def anchors_of(notebook):
    """Return the anchors that Jupyter gives the headings of a notebook, and those that its cells set themselves."""
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    own = re.findall(r"""<a (?:id|name)=["']([^"']+)""", "\n".join(sources))
    return {text.replace(" ", "-") for _, text in list_headings(sources)} | set(own)


def file_is_named_by_number_and_words(page):
    if not re.fullmatch(r"\d\d(_[a-z0-9]+)+", page.path.stem):
        yield f"{page.path.name} is not named NN_snake_case.ipynb"


def form_is_that_of_a_notebook(page):
    try:
        nbformat.validate(page.notebook)
    except nbformat.ValidationError as error:
        yield str(error).splitlines()[0]


def there_is_one_title(page):
    titles = [text for level, text in list_headings(page.markdown) if level == 1]
    if len(titles) != 1:
        yield f"{len(titles)} headings of the first level: {titles}"
    if not page.notebook.cells[0].source.startswith("# "):
        yield "the first cell does not begin with the title"


def first_code_cell_is_that_of_all_notebooks(page):
    shared = read_page(list_notebooks()[0]).code_cells[0].source
    source = page.code_cells[0].source
    if source != shared:
        yield "the first code cell is another one than in the first notebook"
    if f'"{INSTALL}"' not in source:
        yield f"the first code cell does not install {INSTALL}"


def parameters_stand_in_one_cell(page):
    cells = [cell for cell in page.code_cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        yield f"{len(cells)} cells are tagged `parameters`"
    for line in (line for cell in cells for line in list_lines(cell)):
        if not is_assignment_of_literal(line):
            yield f"no assignment of a literal to an UPPER_CASE name: {line}"


def is_assignment_of_literal(line):
    """Return whether a line of code gives one UPPER_CASE name a literal."""
    try:
        (statement,) = ast.parse(line).body
        (target,) = statement.targets
        ast.literal_eval(statement.value)
        return target.id.isupper()
    except (SyntaxError, ValueError, AttributeError):
        return False


def code_cells_are_short(page):
    lengths = sorted(len(list_lines(cell)) for cell in page.code_cells)
    if statistics.median(lengths) > 6:
        yield f"the median code cell has {statistics.median(lengths)} lines, more than 6: {lengths}"
    if sum(length <= 15 for length in lengths) < 0.9 * len(lengths):
        yield f"more than one code cell in ten has more than 15 lines: {lengths}"
    if lengths[-1] > 25:
        yield f"a code cell has {lengths[-1]} lines, more than 25"


def prose_comes_before_code(page):
    kinds = [cell.cell_type for cell in page.notebook.cells]
    if kinds[0] != "markdown":
        yield "no prose before the first code cell"
    for place in range(len(kinds) - 2):
        if kinds[place : place + 3] == ["code"] * 3:
            yield f"three code cells in a row, from {page.notebook.cells[place].source[:40]!r}"


def code_cells_were_executed_in_order(page):
    counts = [cell.execution_count for cell in page.code_cells]
    if None in counts:
        yield f"{counts.count(None)} of {len(counts)} code cells are not executed; `make publish` stores outputs"
    elif counts != list(range(1, len(counts) + 1)):
        yield f"code cells are counted {counts}, not 1 to {len(counts)}; `make publish` stores them in order"


def outputs_hold_no_error_and_no_warning(page):
    for output in list_outputs(page.notebook):
        if output.output_type == "error":
            yield f"a stored error: {output.ename}: {output.evalue}"
        if output.get("name") == "stderr":
            yield f"stored from standard error: {output.text[:80]!r}"


def file_is_small(page):
    size = len(nbformat.writes(page.notebook).encode())
    if size > MOST_BYTES:
        yield f"{size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6} MB"


def metadata_tells_nothing_of_the_machine(page):
    for cell in page.notebook.cells:
        if others := cell.metadata.keys() - {"tags", "alt"}:
            yield f"metadata {sorted(others)} of the cell {cell.source[:40]!r}"
    seconds = page.notebook.metadata.get("autoencoders", {}).get("seconds")
    cleaned = new_notebook()
    clean(cleaned, seconds or 0)
    if seconds is None or page.notebook.metadata != cleaned.metadata:
        yield f"the notebook's metadata is not what `make publish` writes: {json.dumps(page.notebook.metadata)}"


def pictures_of_code_cells_have_alternative_texts(page):
    for cell in page.code_cells:
        alt = cell.metadata.get("alt", "")
        if not alt and not list_stored_pictures(cell):
            continue
        if len(alt) < FEWEST_LETTERS_OF_ALT:
            yield f"metadata `alt` is {alt!r}, shorter than {FEWEST_LETTERS_OF_ALT} letters: {cell.source[:40]!r}"
        if re.match(r"(an? |the )?(image|figure)\b", alt, flags=re.IGNORECASE):
            yield f"metadata `alt` says first that it is an image: {alt!r}"


def pictures_of_the_prose_have_alternative_texts(page):
    for address, alt in list_pictures(page.markdown):
        if not alt.strip():
            yield f"no alternative text of {address}"


def links_and_pictures_lead_somewhere(page):
    addresses = list_links(page.markdown) + [address for address, _ in list_pictures(page.markdown)]
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        if not target.is_relative_to(page.folder.parent.resolve()):
            yield f"{address} leads out of the project"
        elif target != page.path and not target.exists():
            yield f"{address} does not exist"
        elif parts.fragment and target.suffix == ".ipynb":
            notebook = page.notebook if target == page.path else read_notebook(target)
            if unquote(parts.fragment) not in anchors_of(notebook):
                yield f"{address} names no heading; there are {sorted(anchors_of(notebook))}"


def prose_avoids_unwanted_words(page):
    prose = read_prose(page.markdown)
    for found in UNWANTED_WORDS.finditer(prose):
        yield f"{found[0]!r} in: {prose[max(0, found.start() - 40) : found.end() + 40]}"


def outputs_name_no_path_of_a_machine(page):
    for output in list_outputs(page.notebook):
        for text in list_texts(dict(output)):
            if found := PATH_OF_A_MACHINE.search(text):
                yield f"a path of a machine: {text[max(0, found.start() - 40) : found.end() + 40]!r}"


def outputs_need_no_other_script_or_host(page):
    for data in (output.get("data", {}) for output in list_outputs(page.notebook)):
        stored = data.get("text/html", "")
        framed = html.unescape("".join(SANDBOX.findall(stored)))
        markup = html.unescape(SANDBOX.sub("", stored)) + framed.replace(EXPLORER_SCRIPT, "").replace(EXPLORER_DATA, "")
        if "<script" in markup.lower() or "application/javascript" in data:
            yield "a stored script"
        if others := set(HOST.findall(markup)) - KNOWN_HOSTS:
            yield f"stored HTML names {', '.join(sorted(others))}"


def destination_is_the_picture_of_the_opening(page):
    for cell in page.code_cells:
        if "destination" not in cell.metadata.get("tags", []):
            continue
        picture = page.folder / "pictures" / f"{page.path.stem}.png"
        stored = list_stored_pictures(cell)
        if page.is_solution:
            yield "a solutions notebook has no opening that would show its destination"
        elif len(stored) != 1:
            yield f"the cell tagged `destination` stores {len(stored)} pictures; `make publish` stores one"
        elif not picture.exists() or picture.read_bytes() != stored[0]:
            yield f"pictures/{picture.name} is not the picture that the cell tagged `destination` stores"


def film_is_the_file_beside_the_pictures(page):
    films = read_films(page.notebook)
    stored = page.folder / "pictures" / f"{page.path.stem}.gif"
    if page.is_solution:
        if films:
            yield "a film of a solutions notebook has no file; leave the tag `film` to lessons"
    elif films != ([stored.read_bytes()] if stored.exists() else []):
        yield f"pictures/{stored.name} is not the film that the cell tagged `film` stores; `make publish` writes it"


def opening_asks_a_question(page):
    try:
        read_question(page.notebook)
    except ValueError as error:
        yield str(error)


def opening_links_to_itself_in_colab(page):
    own = f"{COLAB}{SLUG}/blob/main/notebooks/{page.path.name}"
    if own not in list_links([page.notebook.cells[0].source]):
        yield f"the first cell does not link to {own}"
    for address in list_links(page.markdown):
        if address.startswith(COLAB) and not address.startswith(f"{COLAB}{SLUG}/"):
            yield f"a Colab link to another repository: {address}"


def opening_shows_its_destination(page):
    cells = [cell for cell in page.code_cells if "destination" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        yield f"{len(cells)} cells are tagged `destination`"
    own = f"pictures/{page.path.stem}.png"
    if own not in [address for address, _ in list_pictures([page.notebook.cells[0].source])]:
        yield f"the first cell does not show {own}"


def there_is_enough_prose(page):
    words = len(re.findall(r"\w[\w'’-]*", read_prose(page.markdown)))
    if words < FEWEST_WORDS:
        yield f"{words} words of prose, fewer than {FEWEST_WORDS}"


def there_are_the_closing_sections(page):
    headings = [text for _, text in list_headings(page.markdown)]
    if missing := [section for section in SECTIONS if section not in headings]:
        yield f"no section {missing}; there are {headings}"


def solutions_exist_and_are_linked(page):
    own = f"solutions/{page.path.name}"
    if own not in list_links(page.markdown):
        yield f"no link to {own}"
    if not (page.folder / own).exists():
        yield f"{own} does not exist"


def results_are_stored(page):
    if page.path.stem not in WITHOUT_A_SYSTEM and not read_results(page.notebook):
        yield "no stored output of show_results; `make publish` stores it"


def lesson_exists_and_is_linked(page):
    if f"../{page.path.name}" not in list_links(page.markdown):
        yield f"no link to the lesson ../{page.path.name}"
    if not (page.folder / page.path.name).exists():
        yield f"the lesson {page.path.name} does not exist"


RULES_OF_ALL = [
    file_is_named_by_number_and_words,
    form_is_that_of_a_notebook,
    there_is_one_title,
    first_code_cell_is_that_of_all_notebooks,
    parameters_stand_in_one_cell,
    code_cells_are_short,
    prose_comes_before_code,
    code_cells_were_executed_in_order,
    outputs_hold_no_error_and_no_warning,
    file_is_small,
    metadata_tells_nothing_of_the_machine,
    pictures_of_code_cells_have_alternative_texts,
    pictures_of_the_prose_have_alternative_texts,
    links_and_pictures_lead_somewhere,
    prose_avoids_unwanted_words,
    outputs_name_no_path_of_a_machine,
    outputs_need_no_other_script_or_host,
    destination_is_the_picture_of_the_opening,
    film_is_the_file_beside_the_pictures,
]
RULES_OF_LESSONS = [
    opening_asks_a_question,
    opening_links_to_itself_in_colab,
    opening_shows_its_destination,
    there_is_enough_prose,
    there_are_the_closing_sections,
    solutions_exist_and_are_linked,
    results_are_stored,
]
RULES_OF_SOLUTIONS = [lesson_exists_and_is_linked]
NOTEBOOKS = list_notebooks()
LESSONS = [path for path in NOTEBOOKS if path.parent == FOLDER]
SOLUTIONS = [path for path in NOTEBOOKS if path.parent != FOLDER]


def name_rule(value):
    return name_of(value) if isinstance(value, Path) else value.__name__


@pytest.mark.parametrize("rule", RULES_OF_ALL, ids=name_rule)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_rule)
def test_notebook_keeps_the_rule(path, rule):
    found = list(rule(read_page(path)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", RULES_OF_LESSONS, ids=name_rule)
@pytest.mark.parametrize("path", LESSONS, ids=name_rule)
def test_lesson_keeps_the_rule(path, rule):
    found = list(rule(read_page(path)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", RULES_OF_SOLUTIONS, ids=name_rule)
@pytest.mark.parametrize("path", SOLUTIONS, ids=name_rule)
def test_solutions_notebook_keeps_the_rule(path, rule):
    found = list(rule(read_page(path)))
    assert not found, "\n".join(found)


PICTURE = base64.b64encode(b"a picture").decode()
OPENING = f"""# Compress a digit

*How much is left?*

![Ten digits and below each its copy](pictures/01_digit.png)

[Open in Colab]({COLAB}{SLUG}/blob/main/notebooks/01_digit.ipynb), or go to [the end](#What-to-take-along).
"""
CLOSING = """## What to take along

Measure.

## On your own

Solutions are in [solutions](solutions/01_digit.ipynb).

## Further reading

[A paper](https://example.org/paper)
"""


@pytest.fixture
def page(tmp_path):
    """Return a small lesson that keeps every rule, in a folder with its picture and its solutions."""
    for folder in ("pictures", "solutions"):
        (tmp_path / "notebooks" / folder).mkdir(parents=True)
    (tmp_path / "notebooks" / "pictures" / "01_digit.png").write_bytes(b"a picture")
    (tmp_path / "notebooks" / "solutions" / "01_digit.ipynb").touch()
    (tmp_path / "notebooks" / "01_digit.ipynb").touch()
    table = {"text/plain": "R1", "text/html": "<table>R1</table>", RESULTS_TYPE: [{"system": "R1", "budget": "full"}]}
    curve = new_output("display_data", data={"image/png": PICTURE, "text/plain": "<Figure>"})
    code = [
        (read_page(NOTEBOOKS[0]).code_cells[0].source, {}, []),
        ("EPOCHS = 20  # passes\nSIZES = [4, 8]", {"tags": ["parameters"]}, []),
        ("plot()", {"tags": ["destination"], "alt": "A curve that falls toward the floor"}, [curve]),
        ("show_results()", {}, [new_output("execute_result", data=table, execution_count=4)]),
    ]
    cells = [new_markdown_cell(OPENING)]
    for count, (source, metadata, outputs) in enumerate(code, start=1):
        cells.append(new_code_cell(source, metadata=metadata, outputs=outputs, execution_count=count))
        cells.append(new_markdown_cell("word " * 200))
    notebook = new_notebook(cells=[*cells, new_markdown_cell(CLOSING)])
    clean(notebook, 12)
    return Page(tmp_path / "notebooks" / "01_digit.ipynb", notebook)


@pytest.mark.parametrize("rule", RULES_OF_ALL + RULES_OF_LESSONS, ids=name_rule)
def test_sound_lesson_keeps_the_rule(page, rule):
    assert list(rule(page)) == []


def test_sound_solutions_notebook_keeps_the_rule(page):
    solutions = page._replace(path=page.folder / "solutions" / "01_digit.ipynb")
    solutions.notebook.cells[0].source += "Back to [the lesson](../01_digit.ipynb)."
    assert list(lesson_exists_and_is_linked(solutions)) == []


def add_prose(text):
    return lambda page: page.notebook.cells.append(new_markdown_cell(text))


def add_code(*sources, **metadata):
    return lambda page: page.notebook.cells.extend(new_code_cell(source, metadata=metadata) for source in sources)


def add_output(kind="display_data", **content):
    return lambda page: page.notebook.cells[7].outputs.append(new_output(kind, **content))


def add_film(page):
    html = f'<img src="data:image/gif;base64,{PICTURE}" alt="A curve in motion">'
    film = new_output("execute_result", data={"text/html": html})
    page.notebook.cells.append(new_code_cell("film", metadata={"tags": ["film"]}, outputs=[film]))


def add_film_to_solutions(page):
    add_film(page)
    return move_to_solutions(page)


def change(place, old, new):
    """Return what replaces text in one cell."""

    def replace(page):
        cell = page.notebook.cells[place]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return replace


def tell(place, **metadata):
    return lambda page: page.notebook.cells[place].metadata.update(metadata)


def rename(name):
    return lambda page: page._replace(path=page.path.with_name(name))


def move_to_solutions(page):
    return page._replace(path=page.folder / "solutions" / page.path.name)


def forget_results(page):
    page.notebook.cells[7].outputs.clear()


def lose(name):
    return lambda page: (page.folder / name).unlink()


BREACHES = [
    (file_is_named_by_number_and_words, rename("1_digit.ipynb"), "1_digit"),
    (file_is_named_by_number_and_words, rename("01_Digit.ipynb"), "01_Digit"),
    (file_is_named_by_number_and_words, rename("01 digit.ipynb"), "01 digit"),
    (form_is_that_of_a_notebook, lambda page: page.notebook.cells[1].pop("outputs"), "'outputs'"),
    (there_is_one_title, add_prose("# Another"), "2 headings"),
    (there_is_one_title, add_prose("Another\n======="), "2 headings"),
    (there_is_one_title, change(0, "# Compress", "\n# Compress"), "does not begin with the title"),
    (there_is_one_title, change(0, "# Compress", "Compress"), "0 headings"),
    (first_code_cell_is_that_of_all_notebooks, change(1, "import helpers", "import  helpers"), "another one"),
    (first_code_cell_is_that_of_all_notebooks, change(1, f"v{VERSION}", "v9.9.9"), f"install {INSTALL}"),
    (first_code_cell_is_that_of_all_notebooks, change(1, SLUG, "other/fork"), f"install {INSTALL}"),
    (parameters_stand_in_one_cell, tell(3, tags=["paramters"]), "0 cells"),
    (parameters_stand_in_one_cell, add_code("RATE = 1e-3", tags=["parameters"]), "2 cells"),
    (parameters_stand_in_one_cell, change(3, "EPOCHS", "epochs"), "epochs = 20"),
    (parameters_stand_in_one_cell, change(3, "[4, 8]", "range(8)"), "range(8)"),
    (parameters_stand_in_one_cell, change(3, "[4, 8]", "[\n    4,\n]"), "SIZES = ["),
    (parameters_stand_in_one_cell, change(3, "EPOCHS", "SIDES = EPOCHS"), "SIDES = EPOCHS"),
    (parameters_stand_in_one_cell, change(3, "20  #", "20; RATE = 1  #"), "RATE = 1"),
    (parameters_stand_in_one_cell, change(3, "EPOCHS", "# Twice as many.\nEPOCHS"), "# Twice"),
    (code_cells_are_short, add_code(*["\n\n".join("1234567")] * 5), "median code cell has 7"),
    (code_cells_are_short, add_code("\n".join("1" * 16)), "more than 15 lines"),
    (code_cells_are_short, add_code("\n".join("1" * 26)), "has 26 lines"),
    (prose_comes_before_code, lambda page: page.notebook.cells.pop(0), "no prose before"),
    (prose_comes_before_code, add_code("first", "second", "third"), "three code cells in a row, from 'first'"),
    (code_cells_were_executed_in_order, add_code("never"), "1 of 5 code cells are not executed"),
    (code_cells_were_executed_in_order, lambda page: page.notebook.cells[1].update(execution_count=7), "[7, 2, 3, 4]"),
    (outputs_hold_no_error_and_no_warning, add_output("error", ename="ValueError", evalue="no"), "ValueError: no"),
    (outputs_hold_no_error_and_no_warning, add_output("stream", name="stderr", text="UserWarning"), "UserWarning"),
    (file_is_small, add_output("stream", text="7" * MOST_BYTES), "3.0 MB"),
    (metadata_tells_nothing_of_the_machine, tell(1, execution={}), "['execution']"),
    (metadata_tells_nothing_of_the_machine, lambda page: page.notebook.metadata.update(widgets={}), "widgets"),
    (metadata_tells_nothing_of_the_machine, lambda page: page.notebook.metadata.pop("autoencoders"), "is not what"),
    (
        metadata_tells_nothing_of_the_machine,
        lambda page: page.notebook.metadata.language_info.update(version="3.11.7"),
        "3.11.7",
    ),
    (pictures_of_code_cells_have_alternative_texts, tell(5, alt=""), "is '', shorter than 30"),
    (pictures_of_code_cells_have_alternative_texts, tell(5, alt="A curve"), "is 'A curve', shorter"),
    (pictures_of_code_cells_have_alternative_texts, tell(5, alt="Figure of a curve that falls slowly"), "says first"),
    (pictures_of_code_cells_have_alternative_texts, tell(5, alt="An image of a curve that falls slowly"), "says first"),
    (pictures_of_the_prose_have_alternative_texts, add_prose("![](pictures/01_digit.png)"), "01_digit.png"),
    (pictures_of_the_prose_have_alternative_texts, add_prose('<img src="a.png"/>'), "a.png"),
    (links_and_pictures_lead_somewhere, add_prose("[back](00_gone.ipynb)"), "00_gone.ipynb does not exist"),
    (links_and_pictures_lead_somewhere, add_prose("[on](solutions/02_sparse_autoencoder.ipynb)"), "does not exist"),
    (links_and_pictures_lead_somewhere, add_prose("![A curve](pictures/02.png)"), "pictures/02.png does not exist"),
    (links_and_pictures_lead_somewhere, add_prose("[up](../../etc)"), "leads out of the project"),
    (links_and_pictures_lead_somewhere, add_prose("[root](/notebooks/01_digit.ipynb)"), "leads out of the project"),
    (links_and_pictures_lead_somewhere, add_prose("[down](#the-end)"), "#the-end names no heading"),
    (prose_avoids_unwanted_words, add_prose("It is\njust a layer."), "'just'"),
    (prose_avoids_unwanted_words, add_prose("*Simply* put"), "'Simply'"),
    (prose_avoids_unwanted_words, add_prose("| a | b |\n|---|---|\n| powerful | c |"), "'powerful'"),
    (prose_avoids_unwanted_words, add_prose("Delving in"), "'Delving'"),
    (outputs_name_no_path_of_a_machine, add_output("stream", text="in /home/ada/data"), "/home/ada"),
    (outputs_name_no_path_of_a_machine, add_output(data={"text/plain": "WindowsPath('C:\\\\data')"}), "C:"),
    (outputs_name_no_path_of_a_machine, add_output(data={"application/json": {"at": ["/Users/ada"]}}), "/Users/"),
    (
        outputs_need_no_other_script_or_host,
        add_output(data={"text/html": "<SCRIPT>1</SCRIPT>"}),
        "a stored script",
    ),
    (
        outputs_need_no_other_script_or_host,
        add_output(data={"application/javascript": "1"}),
        "a stored script",
    ),
    (
        outputs_need_no_other_script_or_host,
        add_output(data={"text/html": FramedPage("<script>1</script>", "mine", "", "")._repr_html_()}),
        "a stored script",
    ),
    (
        outputs_need_no_other_script_or_host,
        add_output(
            data={"text/html": FramedPage(EXPLORER_SCRIPT, "no box", "", "")._repr_html_().replace("sandbox", "box")}
        ),
        "a stored script",
    ),
    (
        outputs_need_no_other_script_or_host,
        add_output(data={"text/html": '<a href="https://github.com/a"><img src="//cdn.example.org/a.png">'}),
        "names cdn.example.org",
    ),
    (destination_is_the_picture_of_the_opening, lambda page: page.notebook.cells[5].outputs.clear(), "stores 0"),
    (destination_is_the_picture_of_the_opening, lose("pictures/01_digit.png"), "pictures/01_digit.png is not"),
    (destination_is_the_picture_of_the_opening, rename("02_other.ipynb"), "pictures/02_other.png is not"),
    (destination_is_the_picture_of_the_opening, move_to_solutions, "a solutions notebook"),
    (opening_asks_a_question, change(0, "*How much is left?*", "How much is left?"), "no line"),
    (opening_links_to_itself_in_colab, rename("02_other.ipynb"), "does not link to"),
    (opening_links_to_itself_in_colab, change(0, SLUG, "other/fork"), "does not link to"),
    (opening_links_to_itself_in_colab, add_prose(f"[it]({COLAB}a/b/c.ipynb)"), "another repository"),
    (film_is_the_file_beside_the_pictures, add_film, "01_digit.gif is not"),
    (film_is_the_file_beside_the_pictures, add_film_to_solutions, "a film of a solutions notebook"),
    (opening_shows_its_destination, tell(5, tags=[]), "0 cells"),
    (opening_shows_its_destination, change(0, "pictures/01", "pictures/00"), "does not show"),
    (there_is_enough_prose, change(2, "word", "`x`"), "words of prose, fewer than 800"),
    (there_are_the_closing_sections, change(9, "On your own", "Exercises"), "no section ['On your own']"),
    (solutions_exist_and_are_linked, change(9, "solutions/01_digit.ipynb", "solutions"), "no link to"),
    (solutions_exist_and_are_linked, lose("solutions/01_digit.ipynb"), "does not exist"),
    (results_are_stored, forget_results, "no stored output"),
    (lesson_exists_and_is_linked, move_to_solutions, "no link to the lesson"),
    (lesson_exists_and_is_linked, lose("01_digit.ipynb"), "does not exist"),
]


@pytest.mark.parametrize(
    ("rule", "breach", "message"), BREACHES, ids=[f"{rule.__name__}: {message}" for rule, _, message in BREACHES]
)
def test_breach_of_the_rule_is_found(page, rule, breach, message):
    changed = breach(page)
    found = list(rule(changed if isinstance(changed, Page) else page))
    assert message in "; ".join(found)


def test_every_rule_has_a_breach_that_it_finds():
    assert {rule for rule, _, _ in BREACHES} == {*RULES_OF_ALL, *RULES_OF_LESSONS, *RULES_OF_SOLUTIONS}


def test_code_and_addresses_are_no_prose():
    text = "One [two](https://example.org/just) `simply`\n\n```\njust\n```\n\n![three](just.png) adjust"
    assert read_prose([text]).split() == ["One", "two", "three", "adjust"]
