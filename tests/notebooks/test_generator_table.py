"""Every number in the site's table of generators is in an output of the lesson or solution that its row links to."""

import re

import pytest

from tools.notebooks import FOLDER, ROOT, read_notebook

PAGE = (ROOT / "site" / "results.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Generators of garments")[1].split("\n## ")[0]
ROWS = re.findall(r"^\| (.+) \| \[.+\]\(\.\./notebooks/(.+)\.ipynb\) \| (.+) \| (.+) \| (.+) \|$", SECTION, re.M)


PRINTED = {
    "real garments": "validation garments",
    "07's autoencoder, codes from one normal distribution": "07 AE, normal",
    "07's autoencoder, codes from a Gaussian mixture": "07 AE, mixture",
    "08's VAE, 2 latents": "08 VAE, 2 latents",
    "08's VAE, 32 latents": "08 VAE, 32 latents",
    "09's convolutional VAE, 2 latents": "09 VAE, 2 latents",
    "conditional VAE": "cond. VAE, N(0, 1)",
    "VQ-VAE with a learned prior": "learned prior",
    "autoencoder with a mixture per class": "AE, mixture",
    "autoencoder with a flow": "AE, flow",
    "spatial codes with a mixture per class": "mixture",
    "spatial codes with a flow": "flow",
}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_has_the_numbers_of_an_output(row):
    generator, notebook, distance, *percentages = row
    cells = read_notebook(FOLDER / f"{notebook}.ipynb").cells
    text = "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    percentages = [f"{float(number) / 100:.3f}" if notebook == "17_vq_vae" else number for number in percentages]
    pattern = r"\s+(± \S+\s+)?".join(map(re.escape, [PRINTED[generator], distance, *percentages]))
    assert re.search(rf"(?m)^{pattern}(\s|$)", text), f"{notebook} doesn't print {row[2:]} for {PRINTED[generator]}"


def test_the_table_has_every_lesson_that_generates_garments():
    assert {re.search(r"\d\d", row[1])[0] for row in ROWS} == {"17", "18"}
    assert len(ROWS) == len(PRINTED) == SECTION.count("\n| ") - 1  # without the head
