"""The picture of the races: how long each recipe and our model train to reach the same test result."""

import io
import statistics
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import ScalarFormatter

from helpers.validation import replace_file
from tools.results import name_system

FILE = Path(__file__).parent / "results.png"
STYLE = Path(__file__).parents[1] / "helpers" / "figures.mplstyle"


def draw(results):
    """Draw what benchmarks/results.json holds, by system, and write it to results.png."""
    with plt.style.context(STYLE):
        figure, ax = plt.subplots(figsize=(7.6, 1.2 + 0.42 * len(results)))
        for row, entry in enumerate(results.values()):
            ends = [statistics.median(run[name]["seconds"] for run in entry["runs"]) for name in ("ours", "recipe")]
            ax.plot(ends, [row, row], color="0.75", zorder=1)
            for end, name, color in zip(ends, ("ours", "the published recipe"), ("C0", "C1"), strict=True):
                ax.scatter(end, row, color=color, label=name if row == 0 else None, zorder=2)
            ax.annotate(
                f"{entry['ratio']:.1f} times", (max(ends), row), (8, 0), textcoords="offset points", va="center"
            )
        names = [textwrap.fill(name_system(system), 34, break_on_hyphens=False) for system in results]
        ax.set_yticks(range(len(results)), names)
        ax.set(xscale="log", xlabel="seconds of training until the recipe's test result is reached (log scale)")
        ax.xaxis.set_major_formatter(ScalarFormatter())
        low, high = ax.get_xlim()
        ax.set_xlim(low, high * 3)  # room for the last ratio
        ax.invert_yaxis()
        ax.grid(False, axis="y")
        figure.legend(*ax.get_legend_handles_labels(), loc="outside upper right", ncols=2)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png", dpi=100, metadata={"Software": None})
        plt.close(figure)
    replace_file(FILE, drawn.getvalue())
