"""Write the collection's key figures as files into build/gallery: those tagged `destination`, `film` or `gallery`.

python -m tools.gallery
"""

import base64
import re
from pathlib import Path
from typing import NamedTuple

from helpers.validation import replace_file
from tools.notebooks import ROOT, list_notebooks, name_of, read_notebook, read_title

FOLDER = ROOT / "build" / "gallery"
TAGS = {"destination", "film", "gallery"}


class Picture(NamedTuple):
    """A key figure: its file's name and bytes, what it shows, and the lesson it comes from."""

    file: str
    content: bytes
    alt: str
    notebook: str
    title: str


def list_pictures():
    """Return the key figures of all lessons, in reading order."""
    pictures = []
    for path in list_notebooks():
        notebook, name = read_notebook(path), name_of(path)
        for cell in notebook.cells:
            if cell.cell_type != "code" or not TAGS & set(cell.metadata.get("tags", [])):
                continue
            for output in cell.outputs:
                for suffix, content, alt in read_pictures(output.get("data", {}), cell.metadata.get("alt", "")):
                    number = sum(picture.notebook == name for picture in pictures) + 1
                    file = f"{Path(name).name}_{number}.{suffix}"
                    pictures.append(Picture(file, content, alt, name, read_title(notebook)))
    return pictures


def read_pictures(data, alt):
    """Return suffix, bytes and alternative text of each picture in an output's data; a film brings its own text."""
    if "image/png" in data:
        return [("png", base64.b64decode(data["image/png"]), alt)]
    films = re.findall(r'<img src="data:image/gif;base64,([\w+/=]+)" alt="([^"]*)"', data.get("text/html", ""))
    return [("gif", base64.b64decode(content), text) for content, text in films]


def write_gallery(folder):
    """Write all key figures into a folder, which is made if it is missing; return them."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = list_pictures()
    for picture in pictures:
        replace_file(folder / picture.file, picture.content)
    return pictures


def main():
    for picture in write_gallery(FOLDER):
        print(f"{FOLDER.relative_to(ROOT) / picture.file}  {picture.title}")


if __name__ == "__main__":
    main()
