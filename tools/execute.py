"""Execute notebooks and render them to build/html; with --publish, store their outputs in the notebooks themselves.

python -m tools.execute [--notebook 01] [--fast] [--jobs 2] [--publish]
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass, field

import nbformat
from tqdm import tqdm

from tools.clean_outputs import clean, find_faults, write_pictures
from tools.fast_budget import check_every_notebook, read_fast_budget, shorten_notebook
from tools.files import write_text
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
)
from tools.pages import render

HTML = ROOT / "build" / "html"


@dataclass
class Run:
    """What came of executing one notebook; `failure` is empty if nothing went wrong, `skip` unless it did not run."""

    name: str
    seconds: float
    failure: str = ""
    peak_memory: float | None = None  # MB, as the kernel says; None if it could not be asked
    sources: str = ""
    results: list = field(default_factory=list)
    skip: str = ""

    def cells(self):
        """Return the notebook's line of the closing table."""
        headline = ""
        if self.failure:
            headline = f"FAILED: {self.failure}"
        elif self.skip:
            headline = f"skipped: {self.skip}"
        elif self.results:
            row = self.results[0]
            headline = f"{row['system']} {row['name']}: {row['ours']:.4g}"
        memory = "" if self.peak_memory is None else f"{self.peak_memory:,.0f}"
        return self.name, f"{self.seconds:.0f}", memory, self.sources, headline


async def run_notebook(path, budget, publish, row):
    """Execute one notebook, render it and return the Run; with `publish`, store its outputs. It notes failures."""
    name = name_of(path)
    if skip := explain_skip(name):
        return Run(name, 0, skip=skip)
    started = time.perf_counter()
    failure, memory = "", None
    try:
        notebook = read_notebook(path)
    except ValueError as error:
        return Run(name, 0, str(error).splitlines()[0])
    try:
        if publish:
            forget_epochs(name)
        if budget is not None:
            shorten_notebook(notebook, name, budget)
        memory = (await execute(notebook, path.parent, name, row))["peak_memory"]
    except Exception as error:
        failure = describe_failure(error)
    seconds = time.perf_counter() - started
    clean(notebook, seconds)
    if publish and not failure:
        failure = "; ".join(find_faults(notebook))
        if not failure:
            write_text(path, nbformat.writes(notebook) + "\n")
            write_pictures(notebook, path)
    # Rendered last, so that the page shows the picture that was published with it.
    page = HTML / f"{name}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    write_text(page, render(notebook, path))
    return Run(name, seconds, failure, memory, read_sources(notebook), read_results(notebook))


def forget_epochs(name):
    """Remove what interrupted trainings of a notebook have left, since seconds are published of whole ones."""
    for kept in (ROOT / "build").glob(f"{name[:2]}_*.npz"):
        kept.unlink()


async def run_all(paths, budget, publish, jobs):
    """Run notebooks, `jobs` of them at a time, and return their Runs."""
    free_rows = asyncio.Queue()  # of the screen, for the bars of the notebooks that run
    for row in range(1, jobs + 1):
        free_rows.put_nowait(row)

    async def run(path):
        row = await free_rows.get()
        try:
            return await run_notebook(path, budget, publish, row)
        finally:
            bar.update()
            free_rows.put_nowait(row)

    with tqdm(total=len(paths), unit="notebook", position=0) as bar:
        return await asyncio.gather(*map(run, paths))


def print_table(runs):
    """Print one line for each Run: notebook, seconds, peak memory, data source, headline figure or failure."""
    lines = [("notebook", "seconds", "peak MB", "data", "headline figure"), *(run.cells() for run in runs)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for *cells, last in lines:
        print("  ".join([cell.ljust(width) for cell, width in zip(cells, widths, strict=True)] + [last]).rstrip())


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Execute notebooks and render them to build/html.")
    parser.add_argument("--notebook", metavar="NN", help="only those whose file name begins so, such as 01")
    parser.add_argument("--fast", action="store_true", help="the short budget of fast.toml")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="notebooks at a time, each with up to 3 GB of memory (1; 2 with --fast)"
    )
    parser.add_argument("--publish", action="store_true", help="store the outputs in the notebooks")
    options = parser.parse_args(arguments)
    if options.fast and options.publish:
        parser.error("only the full budget is published: leave --fast out")
    # In the short budget much, such as imports, keeps one core busy. In full the seconds that a notebook prints are to
    # be its own, unless somebody asks for less waiting in all.
    jobs = (2 if options.fast else 1) if options.jobs is None else options.jobs
    if jobs < 1:
        parser.error(f"--jobs {jobs}: expected one or more")
    if options.publish and jobs > 1:
        parser.error("what is published runs alone, so that its seconds are its own: leave --jobs out")
    name_data_folder_in_full()
    try:
        paths = list_notebooks(options.notebook)
        budget = read_fast_budget() if options.fast else None
        if budget is not None:
            check_every_notebook([name_of(path) for path in list_notebooks()], budget)
    except ValueError as error:
        parser.error(str(error))
    started = time.perf_counter()
    runs = asyncio.run(run_all(paths, budget, options.publish, jobs))
    print_table(runs)
    print(f"{time.perf_counter() - started:.0f} s in all. Pages: {HTML.relative_to(ROOT)}")
    if any(run.failure for run in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
