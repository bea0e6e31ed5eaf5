"""The statements of a class that its walk did not reach, and what reaching them requires."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from miners.candidates.outcomes import Cause, Why
from miners.code.definitions import FunctionSource
from miners.static.effects import EffectKind, Site, kind_at
from miners.static.findings import Dropped, SiteFinding
from miners.static.roots import Reader, Walked


def unvisited(walked: Walked, reader: Reader, met: Collection[tuple[str, int]]) -> Iterator[SiteFinding]:
    """Each `raise`, `assert`, warning and guarded assignment in the class's methods that was not reached."""
    for _, function in reader.methods(walked.cls):
        module = reader.module(function.module)
        path = module.path if module is not None else function.module
        entered = (path, function.node.body[0].lineno) in walked.trace.visited
        for kind, line in _sites(function.node, guarded=False):
            if (path, line) not in met:
                yield SiteFinding(
                    walked.facts.native_type,
                    Site(path, line, function.qualname),
                    kind,
                    (),
                    (Dropped(_why(walked, function, kind, entered=entered)),),
                )


def _why(walked: Walked, function: FunctionSource, kind: EffectKind, *, entered: bool) -> Why:
    if entered:
        if kind.detector.changes:
            return Why(Cause.SETS_PRIVATE)
        return Why(Cause.NO_WAY)
    needed = walked.needs.get(function.qualname)
    if needed is not None:
        return Why(Cause.NEEDS_ARGUMENT, names=(needed,), said=function.name)
    return Why(Cause.NOT_CALLED, said=function.name)


def _sites(node: ast.AST, *, guarded: bool) -> Iterator[tuple[EffectKind, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        kind = kind_at(child, guarded=guarded)
        if kind is not None:
            yield kind, child.lineno  # type: ignore[attr-defined]
        deeper = guarded or isinstance(child, (ast.If, ast.Match, ast.For, ast.While, ast.Try))
        yield from _sites(child, guarded=deeper)
