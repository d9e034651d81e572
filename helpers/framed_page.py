"""A whole HTML page as a cell's output: in a frame of its own, where its script runs and reaches nothing else."""

import html
from dataclasses import dataclass
from pathlib import Path

from helpers.files import replace_file

# A page narrower than 560 pixels is higher than it is wide, for a wide one 704 pixels are enough, in wide letters too.
FRAME = """<div style="position: relative; padding-bottom: max(704px, min((560px - 100%) * 1000, 560px + 100%))">\
<iframe title="{title}" sandbox="allow-scripts" srcdoc="{page}" \
style="position: absolute; width: 100%; height: 100%; border: 0">{instead}</iframe></div>"""
# Between the tags of the frame, so that it shows where a frame is taken out: JupyterLab does in what it does not trust.
INSTEAD = """<p>{title}: it needs a script, and none may run here. In JupyterLab, run this cell or trust the notebook \
(command <em>Trust Notebook</em>). Until then, {alt}:</p><img src="{still}" alt="{alt}">"""


@dataclass(frozen=True)
class FramedPage:
    """A page that a notebook shows by `_repr_html_` in a frame, and `save` writes as a file of its own.

    `page` is a whole HTML page that needs no other file; `still` the address of a picture, such as a data URL, that
    stands in for it where frames are not shown, `alt` what that picture shows.
    """

    page: str
    title: str
    still: str
    alt: str

    def __repr__(self):
        return f"{self.title}: {self.alt}"

    def _repr_html_(self):
        texts = {name: html.escape(getattr(self, name)) for name in ("page", "title", "still", "alt")}
        return FRAME.format(**texts, instead=INSTEAD.format(**texts))

    def save(self, path):
        """Write the page to `path`, a name that ends in .html, beside the old file and renamed; return the path.

        Raises ValueError for another ending and OSError if the folder does not exist or cannot be written to.
        """
        path = Path(path)
        if path.suffix != ".html":
            raise ValueError(f"{path.name!r} does not end in .html; browsers know a page by its ending")
        replace_file(path, self.page.encode())
        return path
