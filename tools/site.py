"""Build the site in build/site from the stored notebooks, without running them.

python -m tools.site
"""

import io
import re
import shutil

import nbformat
from PIL import Image

from tools.files import write_bytes, write_text
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
    for path in list_notebooks():
        target = folder / "notebooks" / f"{name_of(path)}.ipynb"
        target.parent.mkdir(exist_ok=True)
        write_text(target, nbformat.writes(prepare(read_notebook(path))))
    pictures = write_gallery(folder / "originals")
    copy_pictures(folder / "originals", folder / "gallery")
    write_text(folder / "gallery.md", make_gallery_page(pictures))
    write_text(folder / "glossary.md", make_glossary_page())
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
        write_bytes(target / path.name, shrink(content) if path.suffix == ".png" else content)


def prune(folder):
    """Remove from the built site what no page asks for: MathJax for other input and output, and maps for debuggers."""
    mathjax = folder / "_static" / "mathjax"
    wanted = {mathjax / "tex-chtml.js", *(mathjax / "output" / "chtml").rglob("*")}
    for path in folder.rglob("*"):
        if path.is_file() and (path.suffix == ".map" or (mathjax in path.parents and path not in wanted)):
            path.unlink()


def rewrite(path, change):
    """Replace the text of a file by change(text)."""
    write_text(path, change(path.read_text(encoding="utf-8")))


def finish(page):
    """Return a built page whose folds have a name for screen readers, and whose links in outputs, such as those of the
    map in 00, lead to pages in place of notebooks.
    """
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


def make_glossary_page():
    """Return the words that lesson 00 explains as a page of their own, whose links start from the top of the site."""
    (path,) = list_notebooks("00_")[:1]
    lesson = "\n\n".join(cell.source for cell in read_notebook(path).cells if cell.cell_type == "markdown")
    words = re.search(r"^## Words\n(.*?)(?=^## )", lesson, flags=re.DOTALL | re.MULTILINE)[1]
    words = words.replace("](#", f"]({path.name}#")
    return "# The words\n" + re.sub(r"\]\((\d\d_)", r"](notebooks/\1", words)


def write_helper_pages(folder):
    """Write a page for each helper module, made from its docstrings by autodoc, and one that lists them."""
    folder.mkdir()
    modules = sorted(path.stem for path in (ROOT / "helpers").glob("*.py") if not path.stem.startswith("_"))
    for module in modules:
        page = f"# helpers.{module}\n\n```{{eval-rst}}\n.. automodule:: helpers.{module}\n   :members:\n```\n"
        write_text(folder / f"{module}.md", page)
    listed = "\n".join(modules)
    text = "What more than one lesson uses. What is taught is written out in the lesson where it first appears."
    page = f"# The helpers\n\n{text}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    write_text(folder / "index.md", page)


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
    write_bytes(path, stream.getvalue())


def main():
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
