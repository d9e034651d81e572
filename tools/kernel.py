"""Run the cells of a notebook in a kernel of its own, and ask that kernel what it took."""

import ast
import os
import sys
import time

from nbclient import NotebookClient
from nbconvert.filters import strip_ansi
from tqdm import tqdm

from tools.notebooks import ROOT

BYTES = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts
PEAK_MEMORY = f"__import__('resource').getrusage(0).ru_maxrss * {BYTES} / 1e6"
STOPWATCH = "__import__('tools.stopwatch').stopwatch.STOPWATCH.seconds"


def execute(notebook, folder, name, row=1, watched=False):
    """Execute an nbformat notebook in place with a progress bar by cell, its kernel started in `folder`.

    `row` is the bar's place on the screen. Returns the seconds until the kernel was ready as "start", and as
    "peak_memory" the most that the kernel held, in MB; with `watched` also the seconds that tools/stopwatch.py counts,
    by kind. Raises nbclient's CellExecutionError on the first cell that fails; the outputs up to there are kept.
    """
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    arguments = ["--IPKernelApp.log_level=40"]  # Its warnings would break the progress bars.
    environment = dict(os.environ)
    if watched:
        arguments.append("--IPKernelApp.extensions=tools.stopwatch")
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    with tqdm(total=len(code_cells), desc=name, unit="cell", leave=False, position=row) as bar:
        client = NotebookClient(
            notebook,
            timeout=None,
            extra_arguments=arguments,
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda cell, **_: bar.update(cell.cell_type == "code"),
        )
        started = time.perf_counter()
        with client.setup_kernel(env=environment):
            ready = time.perf_counter()
            client.execute(cleanup_kc=False)  # It stays for the questions.
            answers = ask(client, {"peak_memory": PEAK_MEMORY} | ({"seconds": STOPWATCH} if watched else {}))
    return {"start": ready - started, "peak_memory": answers["peak_memory"]} | answers.get("seconds", {})


def ask(client, expressions):
    """Return what the kernel of a nbclient answers to Python expressions by name; None for one that fails there."""
    message = client.kc.execute("", silent=True, user_expressions=expressions)
    answers = client.wait_for_reply(message)["content"]["user_expressions"]
    return {
        name: ast.literal_eval(answer["data"]["text/plain"]) if answer["status"] == "ok" else None
        for name, answer in answers.items()
    }


def describe_failure(error):
    """Return one line on why a notebook stopped: the line of code that failed, where there is one, and the message."""
    lines = strip_ansi(str(error)).strip().splitlines() or [type(error).__name__]
    failed_code = [line.split(" ", 2)[-1].strip() for line in lines if line.startswith("-") and "> " in line[:12]]
    return f"{lines[-1].strip()} at `{failed_code[0]}`" if failed_code else lines[-1].strip()
