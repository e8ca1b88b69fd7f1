"""Sphinx extension for links to the reference: public paths, short names, and code in Markdown."""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from reference_pages import described_names, public_packages
from sphinx.application import Sphinx
from sphinx.domains.python import ObjectEntry
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

MEMBERS = ("attribute", "classmethod", "method", "property", "staticmethod")


def add_public_paths(app: Sphinx, env: BuildEnvironment) -> None:
    """Link all public paths of a name, and the path in its defining module, to the description of the name.

    Args:
        app: The application of Sphinx.
        env: Build environment of Sphinx.
    """
    objects = env.get_domain("py").objects
    paths = dict(described_names())
    for package in public_packages():
        for name in package.__all__:
            module = getattr(getattr(package, name), "__module__", None)
            if module and module.startswith(package.__name__):
                paths[f"{module}.{name}"] = paths[f"{package.__name__}.{name}"]
    for path, described in paths.items():
        for full_name, entry in list(objects.items()):
            if full_name == described or full_name.startswith(f"{described}."):
                alias = path + full_name[len(described) :]
                objects.setdefault(alias, ObjectEntry(entry.docname, entry.node_id, entry.objtype, True))


def find(env: BuildEnvironment, name: str) -> ObjectEntry | None:
    """Find the object of a short name: the only function, class or constant, or else the only member.

    Args:
        env: Build environment of Sphinx.
        name: The last parts of a full name, such as ``HillLoss`` or ``LabelStore.save``.

    Returns:
        The described object, or None if there is none or more than one.
    """
    named = [
        entry
        for full_name, entry in env.get_domain("py").objects.items()
        if f".{full_name}".endswith(f".{name}") and entry.objtype != "module"
    ]
    for members in (False, True):
        found = {(one.docname, one.node_id): one for one in named if (one.objtype in MEMBERS) is members}
        if found:
            return next(iter(found.values())) if len(found) == 1 else None
    return None


def resolve_short_name(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, contnode: nodes.Element
) -> nodes.reference | None:
    """Resolve a role such as ``:class:`HillLoss``` from any page.

    Args:
        app: The application of Sphinx.
        env: Build environment of Sphinx.
        node: Reference that Sphinx could not resolve.
        contnode: Text of the reference.

    Returns:
        The link, or None if the name is not in this package or is ambiguous.
    """
    entry = find(env, node["reftarget"]) if node.get("refdomain") == "py" else None
    if entry is None:
        return None
    return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, contnode)


class LinkCodeInMarkdown(SphinxPostTransform):
    """Link code such as ``HillLoss`` or ``HillLoss(margin=1)`` in a Markdown page to the reference."""

    default_priority = 20

    def run(self, **kwargs) -> None:
        if not str(self.env.doc2path(self.env.docname)).endswith(".md"):
            return
        for literal in list(self.document.findall(nodes.literal)):
            name = re.fullmatch(r"([A-Za-z_][\w.]*\w)(\(.*\))?", literal.astext(), re.DOTALL)
            entry = name and find(self.env, name[1])
            inside = isinstance(literal.parent, nodes.reference)
            if entry and not inside and (name[1][0].isupper() or "_" in name[1]):
                link = make_refnode(
                    self.app.builder, self.env.docname, entry.docname, entry.node_id, literal.deepcopy()
                )
                literal.replace_self(link)


def redirect_to_documentation(app: Sphinx, error: Exception | None) -> None:
    """Write the index.html of the site, which redirects to the first page of the documentation.

    Args:
        app: The application of Sphinx.
        error: The exception that ended the build, if any.
    """
    if error is None and app.builder.format == "html":
        target = app.builder.get_target_uri(app.config.root_doc)
        page = f"""<!doctype html>
<meta charset="utf-8">
<title>{app.config.html_title}</title>
<meta http-equiv="refresh" content="0; url={target}">
<a href="{target}">Documentation</a>
"""
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension.

    Args:
        app: The application of Sphinx.

    Returns:
        What Sphinx asks about it.
    """
    app.connect("env-updated", add_public_paths)
    app.connect("missing-reference", resolve_short_name)
    app.connect("build-finished", redirect_to_documentation)
    app.add_post_transform(LinkCodeInMarkdown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
