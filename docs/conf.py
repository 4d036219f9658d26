"""How Sphinx builds these pages into ``build/docs``: ``just docs``, or the line for docs in ``.ci/run``."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

import pipeline

project = "pillprint"
author = "the pillprint authors"
copyright = f"{author}, Apache-2.0"
version = release = pipeline.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 6,
}
html_sidebars = {"**": []}
html_show_sourcelink = False

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_type_aliases = {"PhotoSource": "PhotoSource", "Pixels": "Pixels"}
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 100


def keep_as_prose(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon in an attribute's docstring for its type."""
    if what in ("attribute", "property"):
        lines.insert(0, "")


def lead_to_pages(app: Sphinx, path: Path, docname: str, text: list[str]) -> None:
    """Files beside the README that are pages here: their links lead to the page."""
    text[0] = (
        text[0]
        .replace("](CONTRIBUTING.md)", "](docs/contributing.md)")
        .replace("](CHANGELOG.md)", "](docs/changelog.md)")
    )


def setup(app: Sphinx) -> None:
    """Called by Sphinx; 400 is before napoleon's 500."""
    app.connect("autodoc-process-docstring", keep_as_prose, priority=400)
    app.connect("include-read", lead_to_pages)
