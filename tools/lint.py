"""Check the stored notebooks: python -m tools.lint [NOTEBOOK ...], such as python -m tools.lint 01 02

Prints one line per finding. An error would mislead readers or break something: a broken link, a stored warning, a
number in the prose that appears in no output. A warning is about style, such as a long cell. The exit status is 1 if
there are errors. Every function below whose name starts with `check_` is a rule and yields its findings.

Some numbers in the prose appear in no output, such as those quoted from a paper. List them in the notebook's metadata
with the reason: `"autoencoders": {"numbers": {"70,000": "size of the data set"}}`.
"""

import argparse
import ast
import base64
import html
import json
import math
import re
import statistics
import sys
from contextlib import suppress
from functools import cache, partial
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import nbformat
from markdown_it import MarkdownIt

from benchmarks.recipes import read_lessons
from tools.notebooks import RESULTS_TYPE, ROOT, list_notebooks, read_code, read_notebook
from tools.repository import name_in_colab, name_site, read_branch, read_project

SLUG, _ = read_project()
BRANCH = read_branch()
COLAB = "https://colab.research.google.com/github/"
INSTALL = f"git+https://github.com/{SLUG}@{BRANCH}"
MARKDOWN = MarkdownIt("commonmark").enable("table")
REFERENCE = json.loads((ROOT / "helpers" / "reference.json").read_text(encoding="utf-8"))
LESSONS = read_lessons()  # maps each system to the lesson that stores its results

MAX_BYTES = 3_000_000
MAX_PEAK_MEMORY = 3_000  # MB, as the README promises
MAX_LINES_OF_CELL = 25
MAX_MEDIAN_LINES_OF_CELL = 6
MAX_PARAMETERS_OF_CELL = 6
MAX_OF_LESSON = {"code cells": 45, "lines of code": 300, "words of prose": 2_200}
MAX_WORDS_OF_ERRATA = 3_000  # Each tested claim needs an explanation.
SECTIONS = ("Takeaways", "Exercises", "Further reading")
UNWANTED_WORDS = re.compile(r"\b(simply|just|powerful|delv(?:e|es|ed|ing))\b", flags=re.IGNORECASE)
POOR_ALT_TEXT = re.compile(r"(an? |the )?(image|figure)\b|.{,29}$", flags=re.IGNORECASE)

# Cell metadata keys that we, Colab, JupyterLab, VS Code, or other editors store.
CELL_METADATA = {"tags", "alt", "base_uri", "cellView", "colab", "colab_type", "executionInfo", "id", "outputId"}
CELL_METADATA |= {"collapsed", "deletable", "editable", "execution", "jupyter", "name", "scrolled", "slideshow"}
CELL_METADATA |= {"ExecuteTime", "papermill", "pycharm", "trusted", "vscode"}

LOCAL_PATH = re.compile(r"(?:/home|/root|/Users|/tmp)/|\b[A-Z]:\\")
HOST = re.compile(r"""(?:https?:|["'(]\s*)//([\w.-]+)""")
KNOWN_HOSTS = {"github.com", "colab.research.google.com", urlsplit(name_site(SLUG)).netloc}
SANDBOX = re.compile(r'<iframe title="[^"]*" sandbox="allow-scripts" srcdoc="([^"]*)"')
EXPLORER = (ROOT / "helpers" / "explorer.html").read_text(encoding="utf-8")
EXPLORER_SCRIPT = re.search("<script>.*?</script>", EXPLORER, re.DOTALL)[0]
EXPLORER_DATA = '<script type="application/json" id="data">'  # The data contains no "<", so it can't close the element.
GIF = re.compile(r"data:image/gif;base64,([\w+/=]+)")

UNITS = "nats?|bits?|bytes?|kB|MB|GB|percent|seconds?|s|ms|milliseconds|minutes?|decibels|dB|times"
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
NUMBER_IN_PROSE = re.compile(rf"(?<![\w.,/^-])({NUMBER})(?:\s?((?:{UNITS})\b|%))?(?![\w/])")
NUMBER_IN_OUTPUT = re.compile(rf"(?:{NUMBER})(?:e[-+]?\d+)?")
YEAR = re.compile(r"(18|19|20)\d\d")


class Finding(NamedTuple):
    """One result of a rule. Cells are numbered from 1; None means the whole notebook."""

    level: str
    message: str
    cell: int | None = None


error, warning = partial(Finding, "error"), partial(Finding, "warning")


class Page:
    """A notebook's parts as lists, most of them with cell numbers. Raises ValueError if the notebook is invalid."""

    def __init__(self, path, notebook):
        try:
            nbformat.validate(notebook)
        except nbformat.ValidationError as problem:
            raise ValueError(f"{path.name} is not a valid notebook: {problem}") from problem
        self.path, self.notebook = path, notebook
        self.is_solution = path.parent.name == "solutions"
        self.folder = path.parent.parent if self.is_solution else path.parent
        self.metadata = notebook.metadata.get("autoencoders", {})
        self.opening = notebook.cells[0].source if notebook.cells else ""
        cells = list(enumerate(notebook.cells, start=1))
        self.markdown = [(number, cell.source) for number, cell in cells if cell.cell_type == "markdown"]
        self.code = [(number, cell) for number, cell in cells if cell.cell_type == "code"]
        self.lengths = {number: len(re.findall(r"(?m)^.*\S", cell.source)) for number, cell in self.code}
        self.outputs = [(number, output) for number, cell in self.code for output in cell.outputs]
        self.data = [(number, output.get("data", {})) for number, output in self.outputs]
        tokens = [(number, walk(source)) for number, source in self.markdown]
        pairs = [pair for _, inside in tokens for pair in pairwise(inside)]
        self.headings = [(int(a.tag[1]), b.content) for a, b in pairs if a.type == "heading_open"]  # level and text
        self.links = [(number, t.attrs["href"]) for number, inside in tokens for t in inside if t.type == "link_open"]
        self.images = [(number, *image) for number, inside in tokens for image in list_images(inside)]

    def list_tagged(self, tag):
        return [(number, cell) for number, cell in self.code if tag in cell.metadata.get("tags", [])]


@cache
def read_page(path):
    return Page(path, read_notebook(path))


@cache
def walk(source):
    """Return all tokens of a Markdown text, including inline ones."""
    return [inner for token in MARKDOWN.parse(source) for inner in (token, *(token.children or ()))]


def list_images(tokens):
    """Return the address and alt text of each image, including those written in HTML."""
    images = [(token.attrs["src"], token.content) for token in tokens if token.type == "image"]
    return images + list_html_images("".join(t.content for t in tokens if t.type in ("html_block", "html_inline")))


def list_html_images(markup):
    tags = [dict(re.findall(r"""(\w+)=["']([^"']*)["']""", tag)) for tag in re.findall(r"<img[^>]*>", markup)]
    return [(attributes.get("src", ""), attributes.get("alt", "")) for attributes in tags]


def list_anchors(page):
    """Return the anchors that Jupyter generates for a notebook's headings, and those that its cells define."""
    sources = "\n".join(source for _, source in page.markdown)
    return {text.replace(" ", "-") for _, text in page.headings} | set(re.findall(r'<a (?:id|name)="([^"]+)', sources))


def read_prose(source):
    """Return the words of a Markdown text up to the references, without code, formulas, or generated tables."""
    source = re.sub(r"<!-- (\w+):begin.*<!-- \1:end", "", source, flags=re.DOTALL)
    tokens = walk(source.split("## Further reading")[0])
    text = " ".join(token.content if token.type in ("text", "image") else " " for token in tokens)
    return re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", text, flags=re.DOTALL)


def check_file_and_title(page):
    if (size := page.path.stat().st_size) > MAX_BYTES:
        yield error(f"file size is {size / 1e6:.1f} MB; the limit is {MAX_BYTES / 1e6:.1f} MB")
    if (peak := page.metadata.get("peak_memory", 0)) > MAX_PEAK_MEMORY:
        yield error(f"peak memory of the full run was {peak:,} MB; the limit is {MAX_PEAK_MEMORY:,} MB")
    if not re.fullmatch(r"\d\d(_[a-z0-9]+)+", page.path.stem):
        yield error("the file name doesn't have the form NN_snake_case.ipynb")
    titles = [text for level, text in page.headings if level == 1]
    if len(titles) != 1 or not page.opening.startswith("# "):
        yield error(f"expected one title, at the beginning of the first cell; found {titles}")


@cache
def find_usual_setup(folder):
    """Return the most common source of the first code cell in a folder's notebooks."""
    setups = []
    for path in [*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")]:
        with suppress(ValueError):  # Invalid notebooks are reported separately.
            setups += [cell.source for _, cell in read_page(path).code[:1]]
    return statistics.mode(setups)


def check_setup(page):
    for number, cell in page.code[:1]:
        if cell.source != find_usual_setup(page.folder):
            yield error("the first code cell differs from the one in most other notebooks", number)
        if f'"{INSTALL}"' not in cell.source:
            yield error(f"the first code cell doesn't install {INSTALL}", number)
        if not is_collapsed(cell):
            yield error("the first code cell isn't collapsed in JupyterLab, in Colab, and on the site", number)
    for number, cell in page.code[1:2]:
        if re.match(r"(import|from) ", cell.source) and not is_collapsed(cell):
            yield warning("the cell with the imports isn't collapsed in JupyterLab, in Colab, and on the site", number)


def is_collapsed(cell):
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden") and cell.metadata.get("cellView") == "form"
    return hidden and "hide-input" in cell.metadata.get("tags", [])


def check_parameters(page):
    for number, cell in page.list_tagged("parameters"):
        statements = ast.parse(read_code(cell)).body
        if len(statements) > MAX_PARAMETERS_OF_CELL:
            yield warning(f"{len(statements)} parameters; the limit is {MAX_PARAMETERS_OF_CELL} per cell", number)
        for statement in statements:
            try:
                (target,) = statement.targets
                ast.literal_eval(statement.value)
                is_parameter = target.id.isupper()
            except (ValueError, AttributeError):
                is_parameter = False
            if not is_parameter:
                yield error(f"expected UPPER_CASE_NAME = literal; found {ast.unparse(statement)}", number)


def check_alt_texts(page):
    pictures = {number for number, data in page.data if "image/png" in data}
    for number, cell in page.code:
        alt = cell.metadata.get("alt", "")
        if number in pictures and not alt.strip():
            yield error("picture has no `alt` in the cell's metadata", number)
        elif alt and POOR_ALT_TEXT.match(alt):
            yield warning(f'alt text is shorter than 30 characters or starts with "image" or "figure": {alt}', number)
    shown = [(number, *image) for number, data in page.data for image in list_html_images(data.get("text/html", ""))]
    for number, address, alt in page.images + shown:
        if not alt.strip():
            yield error(f"picture has no alt text: {address[:40]}", number)


def check_links(page):
    for number, address in page.links + [image[:2] for image in page.images]:
        parts = urlsplit(address)
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        if parts.scheme or parts.netloc:
            if address.startswith(COLAB) and not address.startswith(f"{COLAB}{SLUG}/blob/{BRANCH}/"):
                yield error(f"a Colab link to another repository or branch: {address}", number)
        elif not target.is_relative_to(page.folder.parent.resolve()):
            yield error(f"{address} points outside the project", number)
        elif not target.exists():
            yield error(f"{address} doesn't exist", number)
        elif parts.fragment and target.suffix == ".ipynb":
            if unquote(parts.fragment) not in list_anchors(page if target == page.path else read_page(target)):
                yield error(f"{address} matches no heading or anchor", number)


def check_links_of_lesson_and_solution(page):
    counterpart = f"../{page.path.name}" if page.is_solution else f"solutions/{page.path.name}"
    if counterpart not in [address for _, address in page.links]:
        yield error(f"no link to {counterpart}")
    if page.is_solution:
        return
    if not re.search(r"(?m)^\*.*\?\*$", page.opening):
        yield error("the first cell has no question on its own line in italics, such as *Why?*", 1)
    if (1, name_in_colab(page.path.stem)) not in page.links:
        yield error(f"the first cell doesn't link to notebooks/{page.path.name} in Colab", 1)
    if (1, f"pictures/{page.path.stem}.png") not in [image[:2] for image in page.images]:
        yield warning(f"the first cell doesn't show pictures/{page.path.stem}.png", 1)


def check_execution(page):
    counts = [cell.execution_count for _, cell in page.code]
    if None in counts:
        yield error(f"{counts.count(None)} of {len(counts)} code cells weren't executed; run `make publish`")
    elif counts != list(range(1, len(counts) + 1)):
        yield error(f"execution counts are out of order: {counts}; run `make publish`")


def check_outputs(page):
    for number, output in page.outputs:
        if output.output_type == "error":
            yield error(f"a stored error: {output.ename}: {output.evalue}", number)
        if output.get("name") == "stderr":
            yield error(f"stored standard error: {output.text[:80]!r}", number)
        data = output.get("data", output)
        text = json.dumps({key: value for key, value in data.items() if not key.startswith("image/")})
        if found := LOCAL_PATH.search(text):
            yield error(f"a local file path: {text[max(0, found.start() - 40) : found.end() + 40]}", number)
        # Stored pages may run only the explorer's sandboxed script and may load nothing.
        stored = data.get("text/html", "")
        framed = html.unescape("".join(SANDBOX.findall(stored))).replace(EXPLORER_SCRIPT, "").replace(EXPLORER_DATA, "")
        markup = html.unescape(SANDBOX.sub("", stored)) + framed
        if "<script" in markup.lower() or "application/javascript" in data:
            yield error("a stored script", number)
        if hosts := set(HOST.findall(markup)) - KNOWN_HOSTS:
            yield error(f"stored HTML refers to an external host: {', '.join(sorted(hosts))}", number)


def check_pictures_of_opening(page):
    """The opening's picture and the film must match the files that store them."""
    for tag, suffix in (("destination", ".png"), ("film", ".gif")):
        numbers = [number for number, _ in page.list_tagged(tag)]
        shown = [data for number, data in page.data if number in numbers]
        texts = [data.get("image/png", "") for data in shown]
        if tag == "film":
            texts = [gif for data in shown for gif in GIF.findall(data.get("text/html", ""))]
        file = page.folder / "pictures" / f"{page.path.stem}{suffix}"
        expected = [file.read_bytes()] if file.exists() and not page.is_solution else []
        if [base64.b64decode(text) for text in texts if text] != expected:
            yield error(f"the output of the cell tagged `{tag}` doesn't match pictures/{file.name}; run `make publish`")


def list_known_numbers(page):
    """Return the numbers in a notebook's text outputs and the literals in its code."""
    known = set()
    for _, output in page.outputs:
        data = output.get("data", {})
        text = f"{output.get('text', '')} {data.get('text/plain', '')} {data.get('text/html', '')}"
        text = re.sub(r"<iframe.*</iframe>|<[a-zA-Z/][^>]*>", " ", text, flags=re.DOTALL)  # tags and framed pages
        known |= {float(match[0].replace(",", "")) for match in NUMBER_IN_OUTPUT.finditer(text)}
    for _, cell in page.code:
        with suppress(SyntaxError):  # Some cells contain shell commands.
            values = [getattr(node, "value", None) for node in ast.walk(ast.parse(read_code(cell)))]
            known |= {abs(value) for value in values if type(value) in (int, float)}
    return known


def check_numbers(page):
    """Numbers in prose with a unit or at least three digits must appear in an output or in code, perhaps rounded."""
    known, listed, used = list_known_numbers(page), page.metadata.get("numbers", {}), set()
    for number, source in page.markdown:
        for written, unit in sorted(set(NUMBER_IN_PROSE.findall(read_prose(source)))):
            if not unit and (len(re.sub(r"[,.]", "", written)) < 3 or YEAR.fullmatch(written)):
                continue
            value, decimals = float(written.replace(",", "")), len(written.partition(".")[2])
            scales = (1, 100) if unit in ("%", "percent") else (1,)  # An output may give a fraction instead.
            if any(round(scale * other, decimals) == value for other in known for scale in scales):
                continue
            used.add(written)
            if written not in listed:
                yield error(f"the number {written} appears in no output or code", number)
    for written in sorted(listed.keys() - used):
        yield warning(f"the metadata lists the number {written} unnecessarily")


def check_results(page):
    """A lesson's results must come from real data, support their claims, and agree with the reference."""
    if page.is_solution:
        return
    rows = [(number, row, data) for number, data in page.data for row in data.get(RESULTS_TYPE, [])]
    for number, row, data in rows:
        for fault in find_faults(row, page.path.stem, data):
            yield error(f"{row['system']} {row['measure']} {fault}", number)
    expected = {system for system, lesson in LESSONS.items() if lesson == page.path.stem}
    for system in sorted(expected - {row["system"] for _, row, _ in rows}):
        yield error(f"no stored result for {system}; run `make publish`")


def find_faults(row, lesson, data):
    """Yield each fault in a row of results from an output's data, with a remedy if there is one."""
    remedy = "run `make publish`"
    if row["notebook"] != lesson:
        yield f"belongs to {row['notebook']}; {remedy}"
    if row["budget"] != "full" or row["data_source"] == "synthetic":
        yield f"was computed with the {row['budget']} budget and data from: {row['data_source']}; {remedy}"
    if not math.isfinite(row["ours"]) or not math.isfinite(row["seconds"]):
        yield "isn't finite"
    if any(f"{row['ours']:.4g}" not in data[kind] for kind in ("text/plain", "text/html")):
        yield f"doesn't match the displayed table; {remedy}"
    goal = row["published"] if row["reproduced"] is None else row["reproduced"]
    sign = 1 if row["direction"] == "lower" else -1
    if row["claims"] and goal is not None and sign * row["ours"] > sign * goal:
        yield f"claims to reach {goal} but is {row['ours']}"
    system = REFERENCE.get(row["system"], {"measures": {}})
    if row["measure"] not in system["measures"]:
        yield "isn't in reference.json; add it to the recipe's MEASURES and run `make reference`"
        return
    expected = system["measures"][row["measure"]] | {"reproduced_seconds": system["seconds"]}
    for key in ("name", "unit", "direction", "published", "reproduced", "reproduced_seconds"):
        if row[key] != expected[key]:
            yield f"has {key} {row[key]!r}, but reference.json has {expected[key]!r}; {remedy}"


def check_cells(page):
    for number, length in page.lengths.items():
        if length > MAX_LINES_OF_CELL:
            yield warning(f"{length} lines of code; the limit is {MAX_LINES_OF_CELL}", number)
        if {number + 1, number + 2} <= page.lengths.keys() and number - 1 not in page.lengths:
            yield warning("more than two code cells in a row", number)
    if page.code and (median := statistics.median(page.lengths.values())) > MAX_MEDIAN_LINES_OF_CELL:
        yield warning(f"the median code cell has {median:g} lines; the limit is {MAX_MEDIAN_LINES_OF_CELL}")
    for number, cell in enumerate(page.notebook.cells, start=1):
        for key in sorted(cell.metadata.keys() - CELL_METADATA):
            yield warning(f"unknown metadata {key!r}", number)


def check_style_of_lesson(page):
    for number, source in page.markdown:
        for word in UNWANTED_WORDS.findall(read_prose(source)):
            yield warning(f"avoid the word {word!r}", number)
    if page.is_solution:
        return
    for section in sorted(set(SECTIONS) - {text for _, text in page.headings}):
        yield warning(f"no section {section!r}")
    words = sum(len(re.findall(r"\w[\w'’-]*", read_prose(source))) for _, source in page.markdown)
    limits = MAX_OF_LESSON | ({"words of prose": MAX_WORDS_OF_ERRATA} if page.path.stem == "14_errata" else {})
    for (what, limit), count in zip(limits.items(), (len(page.code), sum(page.lengths.values()), words), strict=True):
        if count > limit:
            yield warning(f"{count:,} {what}; the limit is {limit:,}")


RULES = [rule for name, rule in globals().items() if name.startswith("check_")]


def check(path, notebook=None):
    """Return the Findings in the notebook at `path`, or in `notebook` as if it were stored there."""
    try:
        page = read_page(path) if notebook is None else Page(path, notebook)
        return [finding for rule in RULES for finding in rule(page)]
    except (ValueError, SyntaxError) as problem:  # an unreadable notebook or parameters cell
        return [error(str(problem).splitlines()[0])]


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Check the stored notebooks.")
    parser.add_argument(
        "notebooks",
        nargs="*",
        metavar="NOTEBOOK",
        help="check only notebooks whose names start with this, such as 01",
    )
    options = parser.parse_args(arguments)
    try:
        paths = [path for only in options.notebooks or [None] for path in list_notebooks(only)]
    except ValueError as problem:
        parser.error(str(problem))
    findings = [(path, finding) for path in dict.fromkeys(paths) for finding in check(path)]
    for path, (level, message, cell) in findings:
        print(f"{path.relative_to(ROOT).as_posix()}{f', cell {cell}' if cell else ''}: {level}: {message}")
    errors = sum(finding.level == "error" for _, finding in findings)
    print(f"{errors} errors and {len(findings) - errors} warnings in {len(set(paths))} notebooks")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
