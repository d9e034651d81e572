"""Run the cells of a notebook in a kernel of its own, and ask that kernel what it took."""

import ast
import os
import sys
import time

from nbclient import NotebookClient
from nbconvert.filters import strip_ansi
from tqdm import tqdm

from tools.notebooks import ROOT

PROCESSOR_TIME = "__import__('time').process_time()"
# On Linux ru_maxrss begins with the memory of the process that started the kernel.
PEAK_MEMORY = (
    "int(__import__('pathlib').Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) * 1024 / 1e6"
    if sys.platform == "linux"
    else "__import__('resource').getrusage(0).ru_maxrss / 1e6"  # macOS counts bytes
)
STOPWATCH = "__import__('tools.stopwatch').stopwatch.STOPWATCH.seconds"


async def execute(notebook, folder, name, row=1, watched=False):
    """Execute an nbformat notebook in place, its kernel started in `folder`, with a bar by cell on a row of the screen.

    Returns "start", the seconds until the kernel was ready; "processor", the seconds that its processor cores worked,
    added up; "peak_memory", the most that it held, in MB; and with `watched` the seconds that tools/stopwatch.py
    counts, by kind. Raises nbclient's CellExecutionError on the first cell that fails; the outputs up to there are
    kept.
    """
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    arguments = ["--IPKernelApp.log_level=40"]  # Its warnings would break the progress bars.
    questions = {"processor": PROCESSOR_TIME, "peak_memory": PEAK_MEMORY}
    environment = dict(os.environ)
    if watched:
        arguments.append("--IPKernelApp.extensions=tools.stopwatch")
        questions["seconds"] = STOPWATCH
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    with tqdm(total=len(code_cells), desc=name, unit="cell", leave=False, position=row) as bar:
        client = NotebookClient(
            notebook,
            timeout=None,
            extra_arguments=arguments,
            resources={"metadata": {"path": str(folder)}},
            shutdown_kernel="immediate",  # Nothing is left to be done, and TensorFlow takes seconds to do it.
            on_cell_executed=lambda cell, **_: bar.update(cell.cell_type == "code"),
        )
        started = time.perf_counter()
        async with client.async_setup_kernel(env=environment):
            ready = time.perf_counter()
            await client.async_execute(cleanup_kc=False)  # The kernel stays for the questions.
            answers = await ask(client, questions)
    return {"start": ready - started} | answers.pop("seconds", {}) | answers


async def ask(client, expressions):
    """Return what the kernel of a nbclient answers to Python expressions by name; None for one that fails there."""
    message = client.kc.execute("", silent=True, user_expressions=expressions)
    answers = (await client.async_wait_for_reply(message))["content"]["user_expressions"]
    return {
        name: ast.literal_eval(answer["data"]["text/plain"]) if answer["status"] == "ok" else None
        for name, answer in answers.items()
    }


def describe_failure(error):
    """Return one line on why a notebook stopped: the line of code that failed, where there is one, and the message."""
    lines = strip_ansi(str(error)).strip().splitlines() or [type(error).__name__]
    failed_code = [line.split(" ", 2)[-1].strip() for line in lines if line.startswith("-") and "> " in line[:12]]
    return f"{lines[-1].strip()} at `{failed_code[0]}`" if failed_code else lines[-1].strip()
