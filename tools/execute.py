"""Execute notebooks and render them to build/html; with --publish, store their outputs in the notebooks themselves.

python -m tools.execute [--notebook 07] [--all] [--fast] [--jobs 2] [--publish]
"""

import argparse
import asyncio
import os
import re
import signal
import sys
import time
from dataclasses import dataclass, field


def stop_at_once(*_):
    """Handle Ctrl-C while no notebook is running."""
    print("Interrupted. No notebook was running.", file=sys.stderr, flush=True)
    os._exit(130)


if __name__ == "__main__":  # Ctrl-C during the imports below would print a traceback.
    signal.signal(signal.SIGINT, stop_at_once)

import nbformat
from tqdm import tqdm

from helpers.validation import replace_file
from tools.clean_outputs import clean, find_faults, write_pictures
from tools.fast_budget import check_every_notebook, read_fast_budget, shorten_notebook
from tools.kernel import describe_failure, execute
from tools.notebooks import (
    ROOT,
    explain_skip,
    list_notebooks,
    name_data_folder_in_full,
    name_of,
    read_notebook,
    read_results,
    read_sources,
    read_title,
)
from tools.pages import RunPages

BUILD = ROOT / "build"
HEADINGS = ("notebook", "seconds", "peak MB", "data", "result")


@dataclass
class Run:
    """One notebook of this run. `status` is "waiting", "running", "done", "FAILED", "skipped", or "interrupted"."""

    name: str
    notebook: nbformat.NotebookNode | None = None
    status: str = "waiting"
    reason: str = ""  # why it failed or was skipped
    seconds: float = 0
    peak_memory: float | None = None  # MB, as the kernel reports; None if unavailable
    sources: str = ""
    results: list = field(default_factory=list)

    def title(self):
        """Return the notebook's number and title, or its name if it can't be read."""
        number = self.name.rpartition("/")[2][:2]
        return f"{number} {read_title(self.notebook)}" if self.notebook else self.name

    def cells(self):
        """Return the notebook's row in the summary table."""
        result = self.status + (f": {self.reason}" if self.reason else "")
        if self.status == "done":
            result = "done"
            if self.results:
                row = self.results[0]
                result = f"{row['name']}: {row['ours']:.4g}"
        seconds = f"{self.seconds:.0f}" if self.seconds else ""
        memory = "" if self.peak_memory is None else f"{self.peak_memory:,.0f}"
        return self.name, seconds, memory, self.sources, result


def read_runs(paths):
    """Return a Run for each path. Unreadable notebooks are marked FAILED; those with missing packages, skipped."""
    runs = []
    for path in paths:
        run = Run(name_of(path))
        runs.append(run)
        try:
            run.notebook = read_notebook(path)
        except ValueError as error:
            run.status, run.reason = "FAILED", str(error).splitlines()[0]
            continue
        if skip := explain_skip(run.notebook):
            run.status, run.reason = "skipped", skip
    return runs


async def run_notebook(run, path, budget, publish, row):
    """Execute one notebook and record the outcome in its Run; with `publish`, store its outputs."""
    started = time.perf_counter()
    run.status = "running"
    try:
        if budget is not None:
            shorten_notebook(run.notebook, run.name, budget)
        run.peak_memory = await execute(run.notebook, path.parent, run.name, row)
    except asyncio.CancelledError:
        run.status = "interrupted"
        raise
    except Exception as error:
        run.status, run.reason = "FAILED", describe_failure(error)
    finally:
        run.seconds = time.perf_counter() - started
    clean(run.notebook, run.seconds, run.peak_memory)
    run.sources, run.results = read_sources(run.notebook), read_results(run.notebook)
    if publish and run.status != "FAILED":
        run.reason = "; ".join(find_faults(run.notebook))
        if run.reason:
            run.status = "FAILED"
        else:
            replace_file(path, (nbformat.writes(run.notebook) + "\n").encode())
            write_pictures(run.notebook, path)
    if run.status == "running":
        run.status = "done"


async def run_all(runs, paths, budget, publish, jobs, pages):
    """Execute the waiting notebooks, `jobs` at a time. Canceling this stops all of them."""
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # asyncio.run already cancels this task on Ctrl-C.
        loop.add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    free_rows = asyncio.Queue()  # terminal rows available for progress bars
    for row in range(1, jobs + 1):
        free_rows.put_nowait(row)

    async def execute_and_show(run, path):
        row = await free_rows.get()
        try:
            await run_notebook(run, path, budget, publish, row)
            pages.show(run.name, run.notebook, run.reason)
            pages.build(make_index(runs, budget))
        finally:
            bar.update()
            free_rows.put_nowait(row)

    waiting = [pair for pair in zip(runs, paths, strict=True) if pair[0].status == "waiting"]
    with tqdm(total=len(waiting), unit="notebook", position=0) as bar:
        async with asyncio.TaskGroup() as group:  # Unlike gather, it waits for canceled tasks to end.
            for pair in waiting:
                group.create_task(execute_and_show(*pair))


def describe_budget(budget):
    """Return a sentence about a run's budget."""
    if budget is None:
        return "Full budget: results on real data can be compared with the published ones."
    return "Short budget: this only checks that everything runs; don't compare its results with published ones."


def make_index(runs, budget, ended=""):
    """Return the index page in Markdown: how the run ended, if it has, then its budget and a summary table."""
    lines = [" ".join([ended, describe_budget(budget)]).strip(), ""]
    lines += [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    for run in runs:
        name, *cells, result = (re.sub(r"([|<>*_\\\[\]`])", r"\\\1", cell) for cell in run.cells())
        lines.append(f"| [{name}](notebooks/{run.name}.ipynb) | {' | '.join([*cells, result])} |")
    return "\n".join(lines)


def print_table(runs):
    """Print one line for each Run: notebook, seconds, peak memory, data source, and its main result or failure."""
    lines = [HEADINGS, *(run.cells() for run in runs)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for *cells, last in lines:
        print("  ".join([cell.ljust(width) for cell, width in zip(cells, widths, strict=True)] + [last]).rstrip())


def parse(arguments):
    """Return the options, with the defaults filled in; exit if they're invalid."""
    parser = argparse.ArgumentParser(description="Execute notebooks and render them to build/html.")
    parser.add_argument("--notebook", metavar="NN", help="run only notebooks whose names start with NN, such as 07")
    parser.add_argument("--all", action="store_true", help="also run the solutions")
    parser.add_argument("--fast", action="store_true", help="use the short budget in fast.toml")
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="notebooks to run at once, up to 3 GB of memory each (default: 2, or 1 with --publish)",
    )
    parser.add_argument("--publish", action="store_true", help="store the outputs in the notebooks, solutions included")
    options = parser.parse_args(arguments)
    if options.fast and options.publish:
        parser.error("only full-budget results can be published; omit --fast")
    # Imports and plotting use only one core, so two notebooks run at once. When publishing, that would distort timings.
    options.jobs = (1 if options.publish else 2) if options.jobs is None else options.jobs
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: expected at least 1")
    if options.publish and options.jobs > 1:
        parser.error("--publish runs one notebook at a time so that timings are accurate; omit --jobs")
    try:
        options.paths = list_notebooks(options.notebook, solutions=options.all or options.publish)
        options.budget = read_fast_budget() if options.fast else None
        if options.fast:
            check_every_notebook([name_of(path) for path in list_notebooks(solutions=True)], options.budget)
    except ValueError as error:
        parser.error(str(error))
    return options


def main(arguments=None):
    """Execute notebooks. Exit with 1 if one failed, or with 130 or 143 if the run was interrupted or terminated."""
    options = parse(arguments)
    name_data_folder_in_full()
    started = time.perf_counter()
    runs = read_runs(options.paths)
    print(f"Notebooks: {len(runs)}. Press Ctrl-C to stop.", file=sys.stderr)
    pages = RunPages({run.name: run.title() for run in runs}, BUILD)
    for run in runs:
        if run.reason:
            pages.show_without_outputs(run.name, f"{run.status}: {run.reason}")
    pages.build(make_index(runs, options.budget))
    status = 0
    # asyncio.run installs its own Ctrl-C handler only if the default one is in place.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        asyncio.run(run_all(runs, options.paths, options.budget, options.publish, options.jobs, pages))
    except KeyboardInterrupt:
        status = 130
    except asyncio.CancelledError:
        status = 143
    finally:
        signal.signal(signal.SIGINT, handler)
    seconds = time.perf_counter() - started
    ended = f"Finished in {seconds:.0f} s."
    if status:
        finished = sum(run.status in ("done", "FAILED", "skipped") for run in runs)
        ended = f"Interrupted after {seconds:.0f} s; {finished} of {len(runs)} notebooks were done, failed, or skipped."
    print_table(runs)
    print(f"{ended} {describe_budget(options.budget)} Pages: {(BUILD / 'html' / 'index.html').relative_to(ROOT)}")
    for run in runs:
        if run.status == "interrupted":
            pages.show_without_outputs(run.name, "This notebook was interrupted, so its results aren't shown.")
    pages.build(make_index(runs, options.budget, ended))
    sys.exit(status or any(run.status == "FAILED" for run in runs))


if __name__ == "__main__":
    main()
