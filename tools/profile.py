"""Measure where the time of the lessons goes: profile.json, and from it the tables in CONTRIBUTING.md.

python -m tools.profile [--notebook 01] [--fast]
"""

import argparse
import asyncio
import json
import os
import sys
import time

from tqdm import tqdm

from tools.fast_budget import read_fast_budget, shorten_notebook
from tools.files import write_text
from tools.kernel import describe_failure, execute
from tools.notebooks import ROOT, list_notebooks, name_data_folder_in_full, name_of, read_notebook, read_sources
from tools.results import fill
from tools.stopwatch import KINDS

PROFILE = ROOT / "profile.json"
PAGE = ROOT / "CONTRIBUTING.md"
PARTS = ("start", *KINDS, "rest")
CAPTIONS = {"fast": "Short budget (`FAST=1`)", "full": "Full budget"}


def profile(path, overrides):
    """Execute one notebook; return its seconds by part, those of its cores, its peak memory in MB, and where it ran.

    `overrides` are all those of fast.toml, or None for the full budget.
    """
    name, notebook = name_of(path), read_notebook(path)
    if overrides is not None:
        shorten_notebook(notebook, name, overrides)
    started = time.perf_counter()
    seconds = asyncio.run(execute(notebook, path.parent, name, watched=True))
    total = time.perf_counter() - started
    processor, peak_memory = seconds.pop("processor"), seconds.pop("peak_memory")
    seconds["rest"] = total - sum(seconds.values())
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "data_source": read_sources(notebook),
        "peak_memory": round(peak_memory),
        "processor": round(processor, 1),
        "seconds": {part: round(seconds[part], 1) for part in PARTS},
    }


def read_profile():
    """Return what profile.json holds, by budget ("fast" or "full") and notebook."""
    return json.loads(PROFILE.read_text(encoding="utf-8")) if PROFILE.exists() else {}


def merge(measured, budget, name, lesson):
    """Return the profile with what was measured of one lesson in one budget, sorted."""
    lessons = dict(sorted((measured.get(budget, {}) | {name: lesson}).items()))
    return dict(sorted((measured | {budget: lessons}).items()))


def make_tables(measured):
    """Return the tables of all budgets as Markdown."""
    return "\n\n".join(make_table(CAPTIONS[budget], lessons) for budget, lessons in measured.items())


def make_table(caption, lessons):
    """Return the table of one budget as Markdown: seconds by lesson and part, their sums, and peak memory."""
    cores = " or ".join(sorted({str(lesson["cores"]) for lesson in lessons.values()}))
    lines = [
        f"{caption}, seconds on {cores} cores, peak memory in MB:",
        "",
        f"| notebook | {' | '.join(PARTS)} | all | processor | memory |",
        "|---" * (len(PARTS) + 4) + "|",
    ]
    entries = list(lessons.values())
    together = {
        "seconds": {part: sum(entry["seconds"][part] for entry in entries) for part in PARTS},
        "processor": sum(entry["processor"] for entry in entries),
        "peak_memory": max(entry["peak_memory"] for entry in entries),
    }
    for label, entry in ({name[:2]: entry for name, entry in lessons.items()} | {"all": together}).items():
        parts = " | ".join(f"{seconds:.1f}" for seconds in entry["seconds"].values())
        total = sum(entry["seconds"].values())
        lines.append(f"| {label} | {parts} | {total:.0f} | {entry['processor']:.0f} | {entry['peak_memory']:,} |")
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Measure where the time of the lessons goes.")
    parser.add_argument("--notebook", metavar="NN", help="only the lesson whose file name begins so, such as 01")
    parser.add_argument("--fast", action="store_true", help="the short budget of fast.toml")
    options = parser.parse_args(arguments)
    name_data_folder_in_full()
    try:
        lessons = [path for path in list_notebooks(options.notebook) if "/" not in name_of(path)]
        overrides = read_fast_budget() if options.fast else None
    except ValueError as error:
        parser.error(str(error))
    for path in tqdm(lessons, unit="notebook", position=0):
        try:
            lesson = profile(path, overrides)
        except Exception as error:
            sys.exit(f"{name_of(path)} FAILED: {describe_failure(error)}")
        measured = merge(read_profile(), "fast" if options.fast else "full", name_of(path), lesson)
        write_text(PROFILE, json.dumps(measured, indent=2) + "\n")
        write_text(PAGE, fill(PAGE.read_text(encoding="utf-8"), "profile", make_tables(measured)))
    print(make_tables(measured))


if __name__ == "__main__":
    main()
