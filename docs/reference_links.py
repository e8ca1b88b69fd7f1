"""Sphinx extension for links to the reference: from public paths, short names and code in Markdown."""

from __future__ import annotations

import re
from functools import cache
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
    """Register every public path of a name, and its path in the defining module, as aliases.

    Args:
        app: Sphinx application.
        env: Sphinx build environment.
    """
    objects = env.get_domain("py").objects
    paths = dict(described_names())
    for package in public_packages():
        for name in package.__all__:
            module = getattr(getattr(package, name), "__module__", None)
            if module and module.startswith(package.__name__):
                paths[f"{module}.{name}"] = paths[f"{package.__name__}.{name}"]
    for path, home in paths.items():
        for full_name, entry in list(objects.items()):
            if full_name == home or full_name.startswith(f"{home}."):
                alias = path + full_name[len(home) :]
                objects.setdefault(alias, ObjectEntry(entry.docname, entry.node_id, entry.objtype, True))


@cache
def objects_by_last_part(env: BuildEnvironment) -> dict[str, list[tuple[str, ObjectEntry]]]:
    """Return the full names and objects with each last part of a name. All pages must have been read.

    Args:
        env: Sphinx build environment.
    """
    named: dict[str, list[tuple[str, ObjectEntry]]] = {}
    for full_name, entry in env.get_domain("py").objects.items():
        named.setdefault(full_name.rpartition(".")[2], []).append((full_name, entry))
    return named


def find(env: BuildEnvironment, name: str) -> ObjectEntry | None:
    """Return the object with a short name: the only function, class or constant, else the only member.

    Args:
        env: Sphinx build environment.
        name: Last parts of a full name, such as ``HillLoss`` or ``LabelStore.save``.

    Returns:
        The object, or None if no object or several objects have the name.
    """
    named = [
        entry
        for full_name, entry in objects_by_last_part(env).get(name.rpartition(".")[2], ())
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
        app: Sphinx application.
        env: Sphinx build environment.
        node: Reference that Sphinx could not resolve.
        contnode: Text of the reference.

    Returns:
        The link, or None if the name is not unique or not defined in this package.
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
            is_linked = isinstance(literal.parent, nodes.reference)
            if entry and not is_linked and (name[1][0].isupper() or "_" in name[1]):
                link = make_refnode(
                    self.app.builder, self.env.docname, entry.docname, entry.node_id, literal.deepcopy()
                )
                literal.replace_self(link)


def write_redirect_to_index(app: Sphinx, error: Exception | None) -> None:
    """Write the ``index.html`` of the site, which redirects to the first page of the documentation.

    Args:
        app: Sphinx application.
        error: Exception that ended the build, or None.
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
        app: Sphinx application.

    Returns:
        Metadata of the extension.
    """
    app.connect("env-updated", add_public_paths)
    app.connect("missing-reference", resolve_short_name)
    app.connect("build-finished", write_redirect_to_index)
    app.add_post_transform(LinkCodeInMarkdown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
