"""Turn executed notebooks into HTML pages that need nothing from the network."""

import re

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


class MathMLRenderer(IPythonRenderer):
    """Renders formulas as MathML, which browsers show by themselves, in place of text for MathJax to find."""

    def inline_math(self, body):
        return convert(body)

    def block_math(self, body):
        return convert(body, display="block")

    def multiline_math(self, text):
        return convert(text.strip().strip("$"), display="block")


class PageExporter(HTMLExporter):
    """nbconvert's HTML with pictures inside the page, formulas as MathML and no script from another host."""

    def __init__(self, **options):
        no_scripts = dict.fromkeys(("mathjax_url", "require_js_url", "jquery_url"), "")
        super().__init__(
            embed_images=True, exclude_input_prompt=True, exclude_output_prompt=True, **no_scripts, **options
        )

    def default_filters(self):
        yield from super().default_filters()
        yield "markdown2html", self.markdown_to_html

    def markdown_to_html(self, source):
        """Return a Markdown cell as HTML."""
        renderer = MathMLRenderer(escape=False, embed_images=True, path=self.folder)
        return MarkdownWithMath(renderer=renderer).render(source)


def render(notebook, path):
    """Return the HTML page of the executed notebook at `path`; its links to notebooks become links to their pages."""
    exporter = PageExporter()
    exporter.folder = str(path.parent)
    page, _ = exporter.from_notebook_node(
        notebook, resources={"metadata": {"path": exporter.folder, "name": path.stem}}
    )
    return re.sub(r'(href="(?!https?:)[^"#]*)\.ipynb', r"\1.html", page)
