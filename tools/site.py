"""Build the site in build/site from the stored notebooks, without running them.

python -m tools.site
"""

import io
import re
import shutil

import nbformat
from PIL import Image

import helpers
from tools.gallery import write_gallery
from tools.notebooks import ROOT, list_notebooks, name_of, read_notebook, read_title
from tools.pages import build, prepare, shrink

SITE = ROOT / "build" / "site"
SOURCE = ROOT / "build" / "site_source"
DOCTREES = ROOT / "build" / "site_doctrees"
PREVIEW = (1200, 630)  # pixels, as those who show a link want it


def gather(folder):
    """Put together in an empty `folder` what Sphinx reads: the pages of site/, notebooks, pictures, and one page each
    for the helper modules and the gallery.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "site", folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "README.md", folder)
    copy_pictures(ROOT / "notebooks" / "pictures", folder / "notebooks" / "pictures")
    (folder / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "results.png", folder / "benchmarks")
    for path in list_notebooks():
        target = folder / "notebooks" / f"{name_of(path)}.ipynb"
        target.parent.mkdir(exist_ok=True)
        page = nbformat.writes(prepare(read_notebook(path)))
        target.write_text(re.sub(r"(?<=\]\()((?:\.\./)+)site/", r"\1", page), encoding="utf-8")
    for path in folder.glob("*.md"):  # In the checkout, these pages are in a folder of their own.
        rewrite(path, lambda page: page.replace("../notebooks/", "notebooks/"))
    pictures = write_gallery(folder / "originals")
    copy_pictures(folder / "originals", folder / "gallery")
    (folder / "gallery.md").write_text(make_gallery_page(pictures), encoding="utf-8")
    rewrite(folder / "index.md", lambda page: page.replace("{{lessons}}", list_lessons()))
    write_helper_pages(folder / "helpers")
    write_preview(folder / "static" / "preview.png")


def list_lessons():
    """Return the entries of the lessons in the side bar, with their numbers."""
    names = [(name_of(path), read_title(read_notebook(path))) for path in list_notebooks()]
    return "\n".join(f"{name[:2]} {title} <notebooks/{name}>" for name, title in names if "/" not in name)


def copy_pictures(source, target):
    """Copy a folder of pictures, PNGs with as many bytes as a page needs."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        content = path.read_bytes()
        (target / path.name).write_bytes(shrink(content) if path.suffix == ".png" else content)


def prune(folder):
    """Remove from the built site what no page asks for: MathJax for other input and output, and maps for debuggers."""
    mathjax = folder / "_static" / "mathjax"
    wanted = {mathjax / "tex-chtml.js", *(mathjax / "output" / "chtml").rglob("*")}
    for path in folder.rglob("*"):
        if path.is_file() and (path.suffix == ".map" or (mathjax in path.parents and path not in wanted)):
            path.unlink()


def rewrite(path, change):
    """Replace the text of a file by change(text)."""
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def finish(page):
    """Return a built page whose folds have names for screen readers, and whose links in outputs lead to pages."""
    page = page.replace(
        '<summary><span class="toctree-toggle"', '<summary aria-label="Pages"><span class="toctree-toggle"'
    )
    return re.sub(r'(href="(?!https?:)(?![^"]*_sources/)[^"#]*)\.ipynb', r"\1.html", page)


def anchor(heading):
    """Return the anchor that Jupyter gives a heading, which is what the notebooks link to; Sphinx asks for it."""
    return heading.replace(" ", "-").replace(":", "%3A")


def make_gallery_page(pictures):
    """Return the page of all key figures as Markdown."""
    lines = [
        "# The pictures",
        "",
        "Key figures of all lessons, as their last full run drew them. `make gallery` writes them as files.",
    ]
    heads = [f"## [{picture.title}](notebooks/{picture.notebook}.ipynb)" for picture in pictures]
    for before, head, picture in zip([None, *heads], heads, pictures, strict=False):
        lines += ["", head] * (head != before) + ["", f"![{picture.alt}](gallery/{picture.file})"]
    return "\n".join(lines) + "\n"


def write_helper_pages(folder):
    """Write a page for each helper module, made from its docstrings by autodoc, and one that lists them."""
    folder.mkdir()
    modules = sorted(path.stem for path in (ROOT / "helpers").glob("*.py") if not path.stem.startswith("_"))
    for module in modules:
        page = f"# helpers.{module}\n\n```{{eval-rst}}\n.. automodule:: helpers.{module}\n   :members:\n```\n"
        (folder / f"{module}.md").write_text(page, encoding="utf-8")
    listed = "\n".join(modules)
    text = "What more than one lesson uses. What is taught is written out in the lesson where it first appears."
    page = f"# The helpers\n\n{text}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    (folder / "index.md").write_text(page, encoding="utf-8")


def write_preview(path):
    """Write the picture that stands for the site where someone links to it: the last still of the film, on paper."""
    with Image.open(ROOT / "notebooks" / "pictures" / "10_fashion_vae.gif") as film:
        film.seek(film.n_frames - 1)
        still = film.convert("RGB")
    side = PREVIEW[1] - 30
    paper = Image.new("RGB", PREVIEW, "white")
    paper.paste(still.resize((side, side), Image.Resampling.LANCZOS), ((PREVIEW[0] - side) // 2, 15))
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
