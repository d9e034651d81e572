"""Gather results.json from the outputs that notebooks store; fill the tables in README, CONTRIBUTING, and map."""

import json
import re
import statistics

from helpers.validation import replace_file
from tools import notebooks
from tools.notebooks import (
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
RACES = ROOT / "benchmarks" / "results.json"
CARD = ROOT / "benchmarks" / "gpu.json"
RACE_PICTURE = "![For each system two dots on an axis of seconds, the recipe and ours.](benchmarks/results.png)"


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


def make_notebook_table(gathered):
    """Return the README's table of notebooks as Markdown."""
    lines = ["| notebook | question it answers | system | minutes | |", "|---|---|---|---|---|"]
    for name, lesson in gathered["notebooks"].items():
        minutes = "" if lesson["seconds"] is None else f"{lesson['seconds'] / 60:.1f}"
        lines.append(
            f"| [{name[:2]} {lesson['title']}](notebooks/{name}.ipynb) | {lesson['question']} "
            f"| {', '.join(lesson['systems']) or '–'} | {minutes} | [Colab]({name_in_colab(name)}) |"
        )
    together = sum(lesson["seconds"] or 0 for lesson in gathered["notebooks"].values())
    lines.append(f"| all | | | **{together / 60:.1f}** | |")
    return "\n".join(lines)


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


def make_map(gathered):
    """Return the map of the lessons as Markdown: picture, title, question, minutes, and prerequisites of each."""
    lines = ["| | lesson |", "|---|---|"]
    for name, lesson in gathered["notebooks"].items():
        picture = notebooks.FOLDER / "pictures" / f"{name}.png"
        address, alt = f"../notebooks/pictures/{name}.png", f"Opening picture of lesson {name[:2]}"
        shown = f'<img src="{address}" alt="{alt}" width="220">' if picture.exists() else ""
        minutes = max(1, round((lesson["seconds"] or 0) / 60))
        facts = [f"{minutes} minute{'s' * (minutes > 1)}" if lesson["seconds"] else "not run yet"]
        facts += [f"needs {', '.join(lesson['needs'])}"] if lesson["needs"] else []
        link = f"[**{name[:2]} {lesson['title']}**](../notebooks/{name}.ipynb)"
        lines.append(f"| {shown} | {link}<br>*{lesson['question']}*<br>{' · '.join(facts)} |")
    return "\n".join(lines)


def make_results_table(gathered):
    """Return the README's table of results as Markdown."""
    lines = [
        "| system | measure | published | reproduced | ours | training: recipe | training: ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in gathered["results"]:
        figures = ["–" if row[key] is None else f"{row[key]:.4g}" for key in ("published", "reproduced", "ours")]
        recipe = "–" if row["reproduced_seconds"] is None else f"{row['reproduced_seconds']:.0f} s"
        lines.append(
            f"| [{row['system']}](notebooks/{row['notebook']}.ipynb) | {row['name']} ({row['unit']}) "
            f"| {' | '.join(figures)} | {recipe} | {row['seconds']:.0f} s |"
        )
    return "\n".join(lines)


def make_race_table(races):
    """Return the README's table of the races in benchmarks/results.json as Markdown."""
    if not races:
        return "No race has been stored yet."
    lines = ["| system | to reach | recipe | ours | ratio of the seconds |", "|---|---|---|---|---|"]
    for system, race in races.items():
        cells = [_describe([run[name] for run in race["runs"]]) for name in ("recipe", "ours")]
        several = len(race["ratios"]) > 1
        spread = f" ({min(race['ratios'])} to {max(race['ratios'])})" if several else ""
        lines.append(f"| {system} | {race['target']:.4g} | {' | '.join(cells)} | **{race['ratio']}**{spread} |")
    ratios = [race["ratio"] for race in races.values()]
    mean = statistics.geometric_mean(ratios)
    lines.append(f"| all | | | | **{mean:.1f}**, the geometric mean; lowest {min(ratios)} |")
    return "\n".join(lines)


def _describe(reports):
    """Return the median seconds, epochs, steps and memory of several runs, and whether any missed the figure."""
    seconds, epochs, updates, memory = (
        statistics.median(report[key] for report in reports) for key in ("seconds", "epochs", "updates", "memory")
    )
    timed = sum(report.get("timed_epochs", 0) for report in reports)
    paced = f" at the pace of {timed}" if timed else ""
    missed = ", figure not reached" if any(report["reached"] is False for report in reports) else ""
    taken = f"{seconds:.3g}" if seconds < 100 else f"{seconds:,.0f}"
    return f"{taken} s, {epochs:g} epochs{paced}, {updates:,.0f} steps, {memory / 1000:.1f} GB{missed}"


def make_card_table(card, gathered):
    """Return the README's table of trainings on a graphics card, in benchmarks/gpu.json, as Markdown."""
    if not card:
        return "No training on a graphics card has been stored yet."
    stored = {}
    for row in gathered["results"]:
        stored.setdefault(row["system"], row)  # the first row of a system holds the figure that it is raced for
    heads = ("system", "seconds", "of them the first epoch", "epochs", "test figure", "on two cores")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for system, run in card["runs"].items():
        row, note = stored[system], f", {run['changed']}" if "changed" in run else ""
        seconds = f"{run['seconds']:.1f} | {run['first_epoch']:.1f}"
        here = f"{row['ours']:.4g} in {row['seconds']:.0f} s"
        lines.append(f"| {system}{note} | {seconds} | {run['epochs']} | {run['figure']:.4g} | {here} |")
    seconds, first = (sum(run[key] for run in card["runs"].values()) for key in ("seconds", "first_epoch"))
    lines.append(f"| all | **{seconds:.0f}** | {first:.0f} | | | |")
    return "\n".join(lines)


def fill(text, marker, content):
    """Return `text` with what stands between the comments `marker:begin` and `marker:end` replaced by `content`."""
    pattern = rf"(<!-- {marker}:begin -->\n).*?(<!-- {marker}:end -->)"
    filled, count = re.subn(pattern, lambda found: f"{found[1]}{content}\n{found[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(
            f"expected one pair of comments <!-- {marker}:begin --> and <!-- {marker}:end -->, found {count}"
        )
    return filled


def read_races(file=None):
    """Return what benchmarks/results.json holds, or its like for another backend; nothing where no race was run."""
    file = file or RACES
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def read_card():
    """Return what benchmarks/gpu.json holds, or an empty dictionary if it doesn't exist."""
    return json.loads(CARD.read_text(encoding="utf-8")) if CARD.exists() else {}


def fill_readme(text, gathered, races, card):
    """Return the README's text with its tables built anew."""
    text = fill(text, "notebooks", make_notebook_table(gathered))
    text = fill(text, "races", f"{RACE_PICTURE}\n\n{make_race_table(races)}" if races else make_race_table(races))
    text = fill(text, "card", make_card_table(card, gathered))
    return fill(text, "results", make_results_table(gathered))


def main():
    gathered = gather()
    readme = fill_readme(README.read_text(encoding="utf-8"), gathered, read_races(), read_card())
    contributing = fill(CONTRIBUTING.read_text(encoding="utf-8"), "seconds", make_seconds_table())
    lessons = fill(MAP.read_text(encoding="utf-8"), "map", make_map(gathered))
    replace_file(RESULTS, (json.dumps(gathered, indent=2, ensure_ascii=False) + "\n").encode())
    replace_file(README, readme.encode())
    replace_file(CONTRIBUTING, contributing.encode())
    replace_file(MAP, lessons.encode())
    written = f"{RESULTS.name}, README.md, CONTRIBUTING.md, and site/map.md"
    print(f"{len(gathered['results'])} results of {len(gathered['notebooks'])} notebooks, in {written}")


if __name__ == "__main__":
    main()
