"""Jinja templates of the report pages. Jinja is imported with the first page, not with the package."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .palette import DARK, LIGHT, css_variables

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# Positions in names such as PartialAsymmetricLoss, but not in mAP or 0.5.
_BREAKS = re.compile(r"(?<=[_/])|(?<=\.)(?=[A-Za-z])|(?<=[a-z]{3})(?=[A-Z])")


def render(template: str, **values: Any) -> Markup:
    """Fill in a template of the folder ``templates``.

    All values are escaped, so that names of classes and files may contain any characters.

    Args:
        template: File name of the template.
        **values: Values by the names that the template uses.

    Returns:
        The HTML or SVG, which other templates do not escape again.

    Example:
        >>> print(render("axis_chart.svg.jinja", width=4, height=3, title="a < b", marks=[]))
        <svg viewBox="0 0 4 3" role="img" aria-label="a &lt; b"></svg>
    """
    from markupsafe import Markup

    return Markup(_environment().get_template(template).render(**values))


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["light_colors"] = css_variables(LIGHT)
    environment.globals["dark_colors"] = css_variables(DARK)
    environment.filters["breakable"] = breakable
    return environment


def breakable(name: str) -> Markup:
    """Escape a name, and allow line breaks after underscores, slashes and dots, and before capital letters.

    Args:
        name: The name, such as a path.

    Returns:
        The name as HTML.

    Example:
        >>> print(breakable("a_b<c.PartialLoss"))
        a_<wbr/>b&lt;c.<wbr/>Partial<wbr/>Loss
    """
    from markupsafe import Markup, escape

    return Markup(_BREAKS.sub("<wbr/>", str(escape(name))))
