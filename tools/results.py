"""Gather results.json from the outputs that notebooks store; fill the tables in README, CONTRIBUTING, and the site."""

import json
import re
import statistics

from benchmarks.recipes import read_lessons
from helpers.results import read_reference
from helpers.validation import replace_file
from tools.notebooks import (
    PARTS,
    ROOT,
    list_notebooks,
    name_of,
    read_needs,
    read_notebook,
    read_question,
    read_results,
    read_title,
)
from tools.repository import name_in_colab

RESULTS = ROOT / "results.json"
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
MAP = ROOT / "site" / "map.md"
PAGE = ROOT / "site" / "results.md"
RACES = ROOT / "benchmarks" / "results.json"
CARD = ROOT / "benchmarks" / "gpu.json"
RACE_PICTURE = (
    "![Seconds of training until the recipe's test result is reached, on a logarithmic axis: for each system, "
    "one dot for our model and one for the published recipe.](../benchmarks/results.png)"
)
# The results that the README shows.
SUMMARY = {
    ("R1", "test_bce"): "Dense autoencoder, 32 numbers per digit: cross-entropy (nats per pixel)",
    ("R3", "test_bce"): "Deep autoencoder, 32 numbers per digit: cross-entropy (nats per pixel)",
    ("R4", "test_bce"): "Convolutional autoencoder, 128 numbers per digit: cross-entropy (nats per pixel)",
    ("R8", "test_negative_elbo"): "Convolutional VAE, 2 numbers per digit: negative ELBO (nats per image)",
    ("R10", "test_negative_elbo"): "Convolutional VAE, 2 numbers per garment: negative ELBO (nats per image)",
}
ARROWS = {"lower": " ↓", "higher": " ↑", None: ""}


def gather():
    """Return what results.json holds: each lesson with its title, question and seconds, all result rows, and races."""
    lessons, rows = {}, []
    for path in list_notebooks():
        name, notebook = name_of(path), read_notebook(path)
        if "/" in name:
            continue  # Solutions are executed like lessons, and are no lessons of their own.
        results = read_results(notebook)
        lessons[name] = {
            "title": read_title(notebook),
            "question": read_question(notebook),
            "needs": read_needs(notebook),
            "systems": sorted({row["system"] for row in results}),
            "seconds": notebook.metadata.get("autoencoders", {}).get("seconds"),
        }
        rows += results
    return {
        "notebooks": lessons,
        "results": rows,
        "races": {name: race["ratio"] for name, race in read_races().items()},
    }


def make_lesson_table(gathered):
    """Return the README's table of lessons as Markdown."""

    def describe(name, lesson):
        link = f"[{name[:2]} {lesson['title'].partition(':')[0]}](notebooks/{name}.ipynb)"
        return f"| {link} | {lesson['question']} | {_minutes(lesson['seconds'])} | [Colab]({name_in_colab(name)}) |"

    together = sum(lesson["seconds"] or 0 for lesson in gathered["notebooks"].values())
    lines = ["| lesson | question | minutes | |", "|---|---|---|---|", *_list_by_part(gathered, describe)]
    return "\n".join([*lines, f"| **All lessons** | | **{_minutes(together)}** | |"])


def make_map(gathered):
    """Return the site's map of the lessons as Markdown."""

    def describe(name, lesson):
        link = f"[{name[:2]} {lesson['title']}](../notebooks/{name}.ipynb)"
        needs = ", ".join(lesson["needs"]) or "–"
        return f"| {link} | {lesson['question']} | {_minutes(lesson['seconds'])} | {needs} |"

    lines = ["| lesson | question | minutes | needs |", "|---|---|---|---|"]
    return "\n".join(lines + _list_by_part(gathered, describe))


def _list_by_part(gathered, describe):
    """Return the rows describe(name, lesson) of a table with four columns, each part under a row with its name."""
    lines = []
    for part, numbers in PARTS.items():
        rows = [describe(name, lesson) for name, lesson in gathered["notebooks"].items() if int(name[:2]) in numbers]
        lines += [f"| **{part}** | | | |", *rows] if rows else []
    return lines


def _minutes(seconds):
    """Return seconds in whole minutes, at least 1, or a dash if there are none."""
    return max(1, round(seconds / 60)) if seconds else "–"


def make_seconds_table():
    """Return CONTRIBUTING's table as Markdown: the seconds that each lesson took to publish, and the sums."""
    seconds = {
        name_of(path): read_notebook(path).metadata.get("autoencoders", {}).get("seconds", 0)
        for path in list_notebooks(solutions=True)
    }
    lessons = {name: taken for name, taken in seconds.items() if "/" not in name}
    sums = {"all lessons": sum(lessons.values()), "lessons and solutions": sum(seconds.values())}
    lines = ["| notebook | seconds |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {taken:,} |" for name, taken in (lessons | sums).items()])


def make_summary_table(gathered):
    """Return the README's table of results as Markdown."""
    stored = {(row["system"], row["measure"]): row for row in gathered["results"]}
    lines = ["| result | published | recipe today | ours |", "|---|---|---|---|"]
    for key, words in SUMMARY.items():
        if row := stored.get(key):
            link = f"[{row['notebook'][:2]}](notebooks/{row['notebook']}.ipynb)"
            lines.append(f"| {link} {words} | {_list_numbers(row)} |")
    return "\n".join(lines)


def make_results_table(gathered):
    """Return the site's table of all results as Markdown, each system's under a row with its name."""
    lines, system = ["| result | published | reproduced | ours |", "|---|---|---|---|"], None
    for row in gathered["results"]:
        if row["system"] != system:
            system = row["system"]
            lines.append(f"| **{_link(system)}** ({system}) | | | |")
        lines.append(f"| {row['name']} ({row['unit']}){ARROWS[row['direction']]} | {_list_numbers(row)} |")
    return "\n".join(lines)


def _list_numbers(row):
    """Return the last three cells of a row of results."""
    return " | ".join("–" if row[key] is None else f"{row[key]:.4g}" for key in ("published", "reproduced", "ours"))


def name_system(system):
    """Return what readers know a system by, such as "01 Dense autoencoder": its lesson's number and the model."""
    title = read_reference()[system]["title"]
    return f"{read_lessons()[system][:2]} {title[0].upper()}{title[1:]}"


def _link(system):
    return f"[{name_system(system)}](../notebooks/{read_lessons()[system]}.ipynb)"


def make_race_table(races):
    """Return the site's table of the races in benchmarks/results.json as Markdown."""
    if not races:
        return "No race has been run yet."
    lines = ["| system | result to reach | recipe | ours | ratio |", "|---|---|---|---|---|"]
    for system, race in races.items():
        recipe, ours = ([run[name] for run in race["runs"]] for name in ("recipe", "ours"))
        epochs = f" of {race['recipe_epochs']}"
        paced = ", paced" if any("timed" in report for report in recipe) else ""
        missed = "" if all(report["reached"] for report in ours) else ", not reached"
        cells = [_describe(recipe, epochs, paced), _describe(ours, "", missed)]
        several = len(race["ratios"]) > 1
        spread = f" ({min(race['ratios']):.1f} to {max(race['ratios']):.1f})" if several else ""
        cells.append(f"**{race['ratio']:.1f}**{spread}")
        lines.append(f"| {_link(system)} | {race['target']:.4g} | {' | '.join(cells)} |")
    ratios = [race["ratio"] for race in races.values()]
    mean = statistics.geometric_mean(ratios)
    return "\n".join(lines) + f"\n\nThe geometric mean of the ratios is **{mean:.1f}**, the lowest {min(ratios):.1f}."


def _describe(reports, of, note):
    """Return the median seconds and epochs of several runs in words."""
    seconds, epochs = (statistics.median(report[key] for report in reports) for key in ("seconds", "epochs"))
    taken = f"{seconds:.3g}" if seconds < 100 else f"{seconds:,.0f}"
    plural = "s" * (bool(of) or epochs != 1)
    return f"{taken} s ({epochs:g}{of} epoch{plural}{note})"


def make_card_table(card):
    """Return the site's table of the trainings on a GPU in benchmarks/gpu.json as Markdown."""
    if not card:
        return "No training on a GPU has been stored yet."
    lines = ["| system | seconds | first epoch | epochs | test result |", "|---|---|---|---|---|"]
    for system, run in card["runs"].items():
        note = f", {run['changed']}" if "changed" in run else ""
        seconds = f"{run['seconds']:.1f} | {run['first_epoch']:.1f}"
        lines.append(f"| {_link(system)}{note} | {seconds} | {run['epochs']} | {run['result']:.4g} |")
    seconds, first = (sum(run[key] for run in card["runs"].values()) for key in ("seconds", "first_epoch"))
    return "\n".join([*lines, f"| **All** | **{seconds:.0f}** | {first:.0f} | | |"])


def fill(path, tables):
    """Return a document's text with tables, by marker, between the comments `marker:begin` and `marker:end`."""
    text = path.read_text(encoding="utf-8")
    for marker, table in tables.items():
        begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
        parts = re.split(f"{begin}\n.*?{end}", text, flags=re.DOTALL)
        if len(parts) != 2:
            raise ValueError(f"{path.name}: expected one pair of comments {begin} and {end}, found {len(parts) - 1}")
        text = f"{begin}\n{table}\n{end}".join(parts)
    return text


def fill_all(gathered):
    """Return the text of every document that has tables, by path, with the tables built anew.

    Raises ValueError if the comments that a table stands between are missing.
    """
    races = read_races()
    documents = {
        README: {"lessons": make_lesson_table(gathered), "results": make_summary_table(gathered)},
        CONTRIBUTING: {"seconds": make_seconds_table()},
        MAP: {"map": make_map(gathered)},
        PAGE: {
            "results": make_results_table(gathered),
            "races": f"{RACE_PICTURE}\n\n{make_race_table(races)}" if races else make_race_table(races),
            "card": make_card_table(read_card()),
        },
    }
    return {path: fill(path, tables) for path, tables in documents.items()}


def read_races(file=None):
    """Return what benchmarks/results.json, or the file of another backend, holds; nothing if no race has been run."""
    file = file or RACES
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def read_card():
    """Return what benchmarks/gpu.json holds, or an empty dictionary if it doesn't exist."""
    return json.loads(CARD.read_text(encoding="utf-8")) if CARD.exists() else {}


def main():
    gathered = gather()
    filled = fill_all(gathered)  # All of it, before anything is written.
    replace_file(RESULTS, (json.dumps(gathered, indent=2, ensure_ascii=False) + "\n").encode())
    for path, text in filled.items():
        replace_file(path, text.encode())
    names = ", ".join(path.name for path in [RESULTS, *filled])
    print(f"{len(gathered['results'])} results of {len(gathered['notebooks'])} notebooks, in {names}")


if __name__ == "__main__":
    main()
