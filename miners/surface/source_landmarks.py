"""Landmarks in a source tree: names that must exist there, looked up without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from miners.surface.source_classes import Skeletons
from pytest_llem_invariants.engines.landmarks import Missing, nearest_of


def look_up_in(skeletons: Skeletons, place: str) -> Missing | None:
    """Look up `module`, `module:Class` or `module:Class.method` in a tree; None if it exists, else why not.

    Names that the tree imports from another package exist; they are followed no further.
    """
    module, _, path = place.partition(":")
    source = skeletons.names.module(module)
    if source is None:
        parent, _, name = module.rpartition(".")
        return Missing(
            place, "the tree has no such module", nearest_of(name, skeletons.reader.submodules(parent), f"{parent}.")
        )
    first, _, rest = path.partition(".")
    if not first:
        return None
    if skeletons.names.global_name(module, first) is None and first not in _bound(source.tree.body):
        return Missing(place, f"{source.path} binds no such name", nearest_of(first, source.definitions, f"{module}:"))
    owner = skeletons.source_of(f"{module}:{first}")
    name = rest.partition(".")[0]
    if not name or owner is None:
        return None
    members = {member for cls in skeletons.reader.mro(owner) for member in _bound(cls.node.body)}
    if name in members:
        return None
    detail = f"neither the class nor its bases in the tree write {name}"
    return Missing(place, detail, nearest_of(name, members, f"{module}:{first}."))


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """The names that a class or module body binds or declares, at any depth of `if` and `try`."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (one.id for one in targets if isinstance(one, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If(body=inner, orelse=other):
                yield from _bound((*inner, *other))
            case ast.Try(body=inner, handlers=handlers, orelse=other):
                yield from _bound((*inner, *(one for handler in handlers for one in handler.body), *other))
