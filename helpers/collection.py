"""The collection as a whole, drawn from results.json: the map of its notebooks, and the results of all of them."""

import base64
import html
import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

ROOT = Path(__file__).parent.parent
RESULTS_FILE = ROOT / "results.json"
PICTURES = ROOT / "notebooks" / "pictures"
SIZE = 220, 110  # largest width and height of a picture on the map, in pixels
SHADES = 32  # of its palette
CELL = 'style="text-align: left; vertical-align: top"'
NOTHING_HERE = "This is drawn where the other notebooks lie beside this one: in a checkout of the project."


def read_collection():
    """Return results.json: "notebooks", what is known of each by name, "results", the rows of all of them, and "races".

    "races" has for systems how many times as fast as the recipe ours reaches its figure. All three are empty where the
    project was installed without its notebooks, as in Colab.
    """
    if not RESULTS_FILE.exists():
        return {"notebooks": {}, "results": [], "races": {}}
    return json.loads(RESULTS_FILE.read_text(encoding="utf-8"))


class CollectionMap:
    """A table of notebooks, shown as HTML or text: picture, title, question, minutes, and which come before it."""

    def __init__(self, notebooks):
        self.notebooks = notebooks

    def __repr__(self):
        lines = [] if self.notebooks else [NOTHING_HERE]
        for name, lesson in self.notebooks.items():
            needs = f"; needs {', '.join(lesson['needs'])}" if lesson["needs"] else ""
            lines += [f"{name[:2]} {lesson['title']} ({_show_minutes(lesson)}{needs})", f"   {lesson['question']}"]
        return "\n".join(lines)

    def _repr_html_(self):
        if not self.notebooks:
            return f"<p>{NOTHING_HERE}</p>"
        rows = "".join(_make_row(name, lesson) for name, lesson in self.notebooks.items())
        return f"<table><thead><tr><th></th><th {CELL}>notebook</th></tr></thead><tbody>{rows}</tbody></table>"


def show_map(collection):
    """Return the map of the notebooks of `collection`, as `read_collection` returns it, to be shown as an output."""
    return CollectionMap(collection["notebooks"])


def plot_results(collection, ax=None):
    """Draw for each system how far our first measure lies from that of the published recipe run today.

    One dot a system, at ours divided by the recipe's where lower is better and the other way round where higher is:
    left of 1 ours is better. A second mark shows the share of the recipe's time after which ours had reached its
    figure, for systems that were raced. Systems without a recipe's run, or whose measure has no better direction, are
    left out. Returns the axes, of `ax` or of a new figure.
    """
    quality = _compare(collection["results"])
    systems = sorted(quality, key=lambda system: -int(system[1:]))
    ax = ax or plt.figure(figsize=(7.6, 0.9 + 0.27 * max(len(systems), 3))).add_subplot()
    if not systems:
        ax.text(0.5, 0.5, NOTHING_HERE, ha="center", wrap=True)
        return ax
    raced = [system for system in systems if system in collection["races"]]
    times = [1 / collection["races"][system] for system in raced]
    ax.plot([quality[system] for system in systems], systems, "o", label="test figure")
    ax.plot(times, raced, "D", label="time to the recipe's", fillstyle="none")
    ax.axvline(1, color="0.4", linewidth=1)
    ax.set_xscale("log")
    ticks = [0.03, 0.1, 0.3, 1]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="ours as a share of the published recipe's, run today", title="Left of the line ours is better")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return ax


def _compare(rows):
    """Return by system the share of ours in the recipe's first comparable figure."""
    shares = {}
    for row in rows:
        if row["direction"] and row["reproduced"] and row["system"] not in shares:
            share = row["ours"] / row["reproduced"]
            shares[row["system"]] = share if row["direction"] == "lower" else 1 / share
    return shares


def _show_minutes(lesson):
    if lesson["seconds"] is None:
        return "not run yet"
    minutes = max(1, round(lesson["seconds"] / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _make_row(name, lesson):
    links = ", ".join(lesson["needs"])
    needs = f" · needs {links}" if links else ""
    text = f'<a href="{name}.ipynb"><b>{name[:2]} {html.escape(lesson["title"])}</b></a>'
    text += f"<br><i>{html.escape(lesson['question'])}</i><br>{_show_minutes(lesson)}{needs}"
    return f"<tr><td>{_make_picture(name)}</td><td {CELL}>{text}</td></tr>"


def _make_picture(name):
    path = PICTURES / f"{name}.png"
    if not path.exists():
        return ""
    picture = Image.open(path).convert("RGB")
    picture.thumbnail(SIZE)
    file = io.BytesIO()
    picture.quantize(SHADES).save(file, "PNG", optimize=True)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="Opening picture of notebook {name[:2]}">'
