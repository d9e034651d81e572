"""Build the site in build/site from the stored notebooks, without running them.

python -m tools.site
"""

import ast
import io
import json
import re
import shutil

import nbformat
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

import helpers
from tools.notebooks import PARTS, ROOT, list_notebooks, name_of, read_notebook, read_question, read_title
from tools.pages import build, prepare, shrink

SITE = ROOT / "build" / "site"
SOURCE = ROOT / "build" / "site_source"
DOCTREES = ROOT / "build" / "site_doctrees"
PREVIEW = (1200, 630)  # pixels, the size that social media show without cropping


def gather(folder):
    """Fill an empty `folder` with what Sphinx reads: the pages of site/, notebooks, pictures, and a page per helper."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "site", folder, ignore=shutil.ignore_patterns("__pycache__"))
    copy_pictures(ROOT / "notebooks" / "pictures", folder / "notebooks" / "pictures")
    (folder / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "results.png", folder / "benchmarks")
    for path in list_notebooks():
        target = folder / "notebooks" / f"{name_of(path)}.ipynb"
        target.parent.mkdir(exist_ok=True)
        page = nbformat.writes(prepare(add_number(read_notebook(path), path.name[:2])))
        target.write_text(re.sub(r"(?<=\]\()((?:\.\./)+)site/", r"\1", page), encoding="utf-8")
    for path in folder.glob("*.md"):  # In the checkout, these pages have a folder of their own.
        rewrite(path, lambda page: re.sub(r"(?<=\]\()\.\./(?=notebooks/|benchmarks/)", "", page))
    lessons, entries = list_lessons()
    rewrite(folder / "index.md", lambda page: page.replace("{{lessons}}", lessons).replace("{{entries}}", entries))
    write_helper_pages(folder / "helpers")
    write_preview(folder / "static" / "preview.png")


def add_number(notebook, number):
    """Return a notebook whose title starts with its number, which readers then see in search results, too."""
    notebook.cells[0].source = notebook.cells[0].source.replace("# ", f"# {number} ", 1)
    return notebook


def list_lessons():
    """Return the gallery of lessons for the home page and their entries for the sidebar, both by part, as Markdown."""
    gallery, entries = [], []
    for part, numbers in PARTS.items():
        paths = [path for path in list_notebooks(solutions=False) if int(path.name[:2]) in numbers]
        cards = "\n".join(map(make_card, paths))
        gallery.append(f"## {part}\n\n::::{{grid}} 1 2 2 2\n:gutter: 3\n\n{cards}\n::::\n")
        names = "\n".join(f"{read_short_title(path)} <notebooks/{path.stem}>" for path in paths)
        entries.append(f"```{{toctree}}\n:caption: {part}\n:hidden:\n\n{names}\n```\n")
    return "\n".join(gallery), "\n".join(entries)


def read_short_title(path):
    """Return a lesson's number and its title up to the colon."""
    return f"{path.name[:2]} {read_title(read_notebook(path)).partition(':')[0]}".replace("'", "’")


def make_card(path):
    """Return a lesson's card as MyST Markdown: opening picture, number and short title, question, all one link."""
    notebook, title = read_notebook(path), read_short_title(path)
    picture = re.search(r"!\[([^\]]*)\]\((pictures/[^)]+)\)", notebook.cells[0].source)
    options = {"link": f"notebooks/{path.stem}", "link-type": "doc", "link-alt": title}
    if picture:
        options |= {"img-top": f"notebooks/{picture[2]}", "img-alt": " ".join(picture[1].split())}
    lines = [f":{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in options.items()]
    return "\n".join([f":::{{grid-item-card}} {title}", *lines, "", read_question(notebook), ":::"])


def copy_pictures(source, target):
    """Copy a folder of pictures, PNGs with no more bytes than a page needs."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        content = path.read_bytes()
        (target / path.name).write_bytes(shrink(content) if path.suffix == ".png" else content)


def prune(folder):
    """Remove files that no page asks for: MathJax for other input and output, and source maps."""
    mathjax = folder / "_static" / "mathjax"
    wanted = {mathjax / "tex-chtml.js", *(mathjax / "output" / "chtml").rglob("*")}
    for path in folder.rglob("*"):
        if path.is_file() and (path.suffix == ".map" or (mathjax in path.parents and path not in wanted)):
            path.unlink()


def rewrite(path, change):
    """Replace the text of a file with change(text)."""
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def finish(page):
    """Return a built page with names for screen readers on its folds, and with links from outputs to pages."""
    page = page.replace(
        '<summary><span class="toctree-toggle"', '<summary aria-label="Pages"><span class="toctree-toggle"'
    )
    return re.sub(r'(href="(?!https?:)(?![^"]*_sources/)[^"#]*)\.ipynb', r"\1.html", page)


def anchor(heading):
    """Return the anchor that Jupyter gives a heading, which notebooks link to; conf.py names this function."""
    return heading.replace(" ", "-").replace(":", "%3A")


def write_helper_pages(folder):
    """Write a page for each helper module, made from its docstrings by autodoc, and one that lists them."""
    folder.mkdir()
    modules = {path.stem: path for path in sorted((ROOT / "helpers").glob("*.py")) if not path.stem.startswith("_")}
    lines = ["# Helpers", ""]
    lines += ["The lessons import these modules. Code that a lesson teaches is written out in that lesson.", ""]
    lines += ["| module | contents |", "|---|---|"]
    for module, path in modules.items():
        page = f"# helpers.{module}\n\n```{{eval-rst}}\n.. automodule:: helpers.{module}\n   :members:\n```\n"
        (folder / f"{module}.md").write_text(page, encoding="utf-8")
        summary = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()[0]
        lines.append(f"| [{module}]({module}.md) | {summary} |")
    lines += ["", "```{toctree}", ":hidden:", "", *(f"{module} <{module}>" for module in modules), "```", ""]
    (folder / "index.md").write_text("\n".join(lines), encoding="utf-8")


def write_preview(path):
    """Write the picture that represents the site on social media: its title, and the last frame of the animation."""
    with Image.open(ROOT / "notebooks" / "pictures" / "10_fashion_vae.gif") as film:
        film.seek(film.n_frames - 1)
        frame = film.convert("RGB")
    side = PREVIEW[1] - 60
    paper = Image.new("RGB", PREVIEW, "white")
    paper.paste(frame.resize((side, side), Image.Resampling.LANCZOS), (PREVIEW[0] - side - 30, 30))
    draw = ImageDraw.Draw(paper)
    for text, weight, size, top in [
        ("Autoencoders", "bold", 62, 170),
        ("From one dense layer\nto a generative model\n\nExecutable lessons in Keras 3", "normal", 33, 275),
    ]:
        font = ImageFont.truetype(findfont(f"DejaVu Sans:{weight}"), size)
        draw.multiline_text((50, top), text, fill="#1f2933", font=font, spacing=12)
    stream = io.BytesIO()
    paper.save(stream, format="PNG", optimize=True)
    path.write_bytes(stream.getvalue())


def main():
    helpers.start_keras()  # The pages of the helpers import it.
    gather(SOURCE)
    shutil.rmtree(SITE, ignore_errors=True)
    build(SOURCE, SITE, DOCTREES, strict=True)
    prune(SITE)
    for path in SITE.rglob("*.html"):
        rewrite(path, finish)
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file()) / 1e6
    print(f"{SITE.relative_to(ROOT) / 'index.html'}; {size:.0f} MB in all")


if __name__ == "__main__":
    main()
