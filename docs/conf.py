"""Sphinx configuration. `make docs` builds the pages into build/docs/html, with every warning an error.

The source folder is the root of the repository, so that relative links between Markdown files work both in a
web view of the repository and on the built site.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tools")]

from _lib.quiet_import import import_mmpretrain  # noqa: E402
from docutils import nodes  # noqa: E402
from pygments.lexers import TextLexer  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

import_mmpretrain()
import mmpretrain_imbalance  # noqa: E402

project = "mmpretrain_imbalance"
version = release = mmpretrain_imbalance.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "reference_pages",  # one page per public package
    "reference_links",  # links from short names to these pages
]
# The tests build the site without the pages of the source code, and index the words of its first page only.
if not tags.has("for_tests"):  # noqa: F821 (Sphinx defines tags)
    extensions.append("sphinx.ext.viewcode")
root_doc = "docs/index"
include_patterns = ["docs/**.md", "docs/reference/**.rst", "configs/**README.md", "C*.md"]
exclude_patterns = [".*", "build", "dist", "data", "work_dirs", "tests", "tools", "mmpretrain_imbalance"]

# Markdown: $x$ and $$x$$, links to headings, {role} and ```{directive}.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

# Docstrings: types and defaults come from the signatures.
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # the fields of a dataclass are described in its docstring
python_maximum_signature_line_length = 88

# Names of other packages have no inventory without a network. Names of this package are never ignored.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(torch|torchvision|numpy|np|mmengine|mmcv|mmpretrain|matplotlib|rich|PIL)\..*"),
    ("py:class", r"ArrayLike|BaseDataset|Config|Tensor|nn\.Module"),
    ("py:.*", r"(collections|pathlib|types|typing|os|argparse|datetime|contextlib|functools)\..*"),
]

html_theme = "furo"
html_title = "mmpretrain_imbalance"
html_copy_source = False
# One file of MathJax, with its fonts in it: formulas need no network.
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax" / "tex-svg.js"
html_static_path = ["site.css", str(MATHJAX)]
html_css_files = ["site.css"]
mathjax_path = MATHJAX.name


def keep_numbered_formulas(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Pass formulas with their own number to MathJax unchanged; Sphinx would wrap those with line breaks.

    Args:
        app: Sphinx application.
        doctree: Parsed page.
        page: Name of the page.
    """
    for formula in doctree.findall(nodes.math_block):
        if r"\tag" in formula.astext():
            formula["nowrap"] = formula["no-wrap"] = True
            formula.children = [nodes.Text(rf"\[{formula.astext()}\]")]


def index_first_page_only(app: Sphinx) -> None:
    """Let the search know the words of the first page only; Sphinx cannot write an index without pages.

    Args:
        app: Sphinx application.
    """
    index = app.builder.index_page
    app.builder.index_page = lambda page, *rest: index(page, *rest) if page == root_doc else None


def setup(app: Sphinx) -> None:
    """Register a plain lexer for CSV blocks, which Pygments lacks, and the handling of numbered formulas.

    Args:
        app: Sphinx application.
    """
    app.add_lexer("csv", TextLexer)
    app.connect("doctree-resolved", keep_numbered_formulas)
    if app.tags.has("for_tests"):
        app.connect("builder-inited", index_first_page_only)
