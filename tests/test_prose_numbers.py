"""Every number in a notebook's prose also stands in one of its outputs, or is a setting in its code.

Looked for are numbers with a unit and numbers of three or more digits. One of the prose counts as found if an output,
rounded to as many decimals, is the same; percentages also as shares. Years, formulas, code and the references at the
end are left out. What a source printed, and what is known without a computation, is listed below with the reason.
"""

import ast
import io
import re
import tokenize

import pytest
from markdown_it import MarkdownIt
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.notebooks import list_notebooks, name_of, read_code, read_notebook

SIZE = "size of the data set"
QUOTED = "printed by the source named beside it"
THREAD = "number of an issue thread"
TASK = "asked of the reader, and computed in the solutions"
ARITHMETIC = "follows from numbers beside it"
EXCEPTIONS = {
    "00_start_here": {"70,000": SIZE, "256": TASK},
    "01_dense_autoencoder": {"70,000": SIZE},
    "02_sparse_autoencoder": {"3.14": "a version of Keras", "7.30": QUOTED, "300": QUOTED},
    "03_deep_autoencoder": {"127": ARITHMETIC, "24.5": ARITHMETIC, "100": TASK, "1,000": TASK},
    "04_convolutional_autoencoder": {"50,000": "what is left of the training digits without those set aside"},
    "05_denoising_autoencoder": {"2.6": "quotient of the two counts in the output above"},
    "06_sequence_autoencoder": {"19": ARITHMETIC},
    "09_convolutional_vae": {"509": THREAD, "1061": THREAD, "150.4": QUOTED, "70,000": SIZE, "50": TASK},
    "11_fashion_clusters": {"70,000": SIZE, "300": ARITHMETIC},
    "13_probability_distributions": {"1215": THREAD, "1774": THREAD, "1780": THREAD, "1795": THREAD},
    "14_errata": {
        "70,000": SIZE,
        "3.14": "a version of Keras",
        "17,208": QUOTED,
        "9,137": QUOTED,
        "24,641": QUOTED,
    },
    "solutions/01_dense_autoencoder": {"128": ARITHMETIC, "24.5": "computed in the lesson"},
    "solutions/02_sparse_autoencoder": {"0.26": "computed in the lesson"},
    "solutions/04_convolutional_autoencoder": {"128": "size of the lesson's code"},
    "solutions/10_fashion_vae": {"225": "read from the figure above"},
    "solutions/11_fashion_clusters": {"0.01": "threshold of count_active_units"},
}
PARSER = MarkdownIt("commonmark").enable("table")
UNITS = "nats?|bits?|bytes?|kB|MB|GB|percent|seconds?|s|ms|milliseconds|minutes?|decibels|dB|times"
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
IN_PROSE = re.compile(rf"(?<![\w.,/^-])(?P<number>{NUMBER})(?P<unit>\s?(?:{UNITS})\b|\s?%)?(?![\w/])")
IN_OUTPUT = re.compile(rf"(?:{NUMBER})(?:e[-+]?\d+)?")
YEAR = re.compile(r"(18|19|20)\d\d")


def read_text(source):
    """Return what is said in a Markdown text, without code, formulas and addresses, up to the references."""
    source = source.split("## Further reading")[0]
    pieces = []
    for token in PARSER.parse(source):
        for part in token.children or ():
            pieces.append(part.content if part.type == "text" else " ")
        pieces.append(" ")
    return re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " ", "".join(pieces), flags=re.DOTALL)


def numbers_of_prose(notebook):
    """Return the numbers, as written, that need a witness, each with whether it is a percentage."""
    found = {}
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        for match in IN_PROSE.finditer(read_text(cell.source)):
            number, unit = match["number"], (match["unit"] or "").strip()
            has_three_digits = len(re.sub(r"[,.]", "", number)) >= 3
            if unit or (has_three_digits and not YEAR.fullmatch(number)):
                found[number] = found.get(number, False) or unit in ("%", "percent")
    return found


def numbers_of_code_and_outputs(notebook):
    """Return the values that stand in a notebook's text outputs and as literals in its code."""
    values = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            data = output.get("data", {})
            shown = re.sub("<iframe.*</iframe>", "", data.get("text/html", ""), flags=re.DOTALL)  # a page of its own
            texts = [output.get("text", ""), data.get("text/plain", ""), shown]
            shown = re.sub(r"<Figure[^>]*>", "", " ".join(texts))
            values |= {float(match[0].replace(",", "")) for match in IN_OUTPUT.finditer(shown)}
        tokens = tokenize.generate_tokens(io.StringIO(read_code(cell)).readline)
        values |= {abs(ast.literal_eval(token.string)) for token in tokens if token.type == tokenize.NUMBER}
    return values


def numbers_without_witness(notebook):
    """Return the numbers of a notebook's prose, as written, that neither its outputs nor its code hold."""
    values = numbers_of_code_and_outputs(notebook)
    missing = set()
    for number, is_percentage in numbers_of_prose(notebook).items():
        decimals = len(number.partition(".")[2])
        wanted = float(number.replace(",", ""))
        scales = (1, 100) if is_percentage else (1,)
        if not any(round(value * scale, decimals) == wanted for value in values for scale in scales):
            missing.add(number)
    return missing


@pytest.mark.parametrize("path", list_notebooks(), ids=name_of)
def test_every_number_of_the_prose_stands_in_an_output(path):
    missing = numbers_without_witness(read_notebook(path))
    excepted = EXCEPTIONS.get(name_of(path), {}).keys()
    assert missing == excepted, f"no output holds {missing - excepted}; no exception needed for {excepted - missing}"


def test_exceptions_are_of_notebooks_that_exist():
    assert EXCEPTIONS.keys() <= {name_of(path) for path in list_notebooks()}


def make_notebook(prose, shown="", code="x = 1"):
    output = new_output("stream", name="stdout", text=shown)
    return new_notebook(cells=[new_markdown_cell(prose), new_code_cell(code, outputs=[output])])


@pytest.mark.parametrize(
    ("prose", "shown", "missing"),
    [
        ("It took 147.5 nats.", "loss 147.5", set()),
        ("It took 147.5 nats.", "loss 147.4", {"147.5"}),
        ("It took 148 nats.", "loss 147.52", set()),
        ("Half, 50 % of them.", "share 0.4981", set()),
        ("Half, 50 of them.", "share 0.4981", set()),
        ("60,000 digits", "60000", set()),
        ("60,000 digits", "10,000", {"60,000"}),
        ("A table:\n\n| a | b |\n|---|---|\n| 9.81 | 2 |", "", {"9.81"}),
        ("In 1989, by $784 x$ and `257`, as [a paper](https://example.org/12345) says", "", set()),
        ("R13, notebook 08 and float32 are names", "", set()),
        ("It took 3 seconds", "", {"3"}),
        ("## Further reading\n\n- pages 533 to 536", "", set()),
    ],
)
def test_number_without_witness_is_found(prose, shown, missing):
    assert numbers_without_witness(make_notebook(prose, shown)) == missing


def test_setting_in_the_code_is_a_witness():
    assert numbers_without_witness(make_notebook("250 at once", code="BATCH_SIZE = 250")) == set()
    assert numbers_without_witness(make_notebook("250 at once", code="BATCH_SIZE = 125")) == {"250"}
