"""The surface of an engine that is not installed: the facts of its classes, read from a source tree or a wheel."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from miners.code.definitions import ClassSource
from miners.surface.annotations import read_annotation
from miners.surface.constructors import keyword_use
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from miners.surface.imported import class_facts, fact, kind_of, plain_default
from miners.surface.nested import with_nested_examples
from miners.surface.source_classes import Skeletons
from miners.surface.types import UNTYPED
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.model import EMPTY, Kwargs

if TYPE_CHECKING:
    from pytest_llem_invariants.native_types import NativeType
    from pytest_llem_invariants.ssot import Ssot

_SPECIAL: Final = (ClassKind.PYDANTIC_MODEL, ClassKind.PYDANTIC_DATACLASS, ClassKind.MSGSPEC, ClassKind.DATACLASS)


def source_surface(skeletons: Skeletons, ssot: Ssot) -> Mapping[str, ClassFacts]:
    """The facts of every class on an engine's allowlist that the tree contains, by native type name."""
    found: dict[str, ClassFacts] = {}
    for name, target in source_targets(skeletons, ssot).items():
        declared = ssot.native_types.get(name)
        facts = source_facts(
            skeletons, target, name, base_kwargs=declared.base_kwargs if declared is not None else EMPTY
        )
        if facts is not None:
            found[name] = facts
    return with_nested_examples(found)


def source_targets(skeletons: Skeletons, ssot: Ssot) -> Mapping[str, str]:
    """Native type → `module:Class`: those declared by name, and those of the families that the tree contains."""
    declared = [entry for entry in ssot.native_types.values() if not entry.is_glob]
    targets = {entry.name: _place_of(skeletons, entry) for entry in declared}
    taken = {place for entry in declared for place in entry.targets}
    for family in ssot.families:
        for class_name in _public_names(skeletons, family.module):
            member = family.member(class_name)
            if family.matches(class_name) and member.target not in taken:
                targets.setdefault(member.name, member.target)
    return {name: targets[name] for name in sorted(targets)}


def _place_of(skeletons: Skeletons, entry: NativeType) -> str:
    """The first place that has the class in this tree, else the usual one."""
    if not entry.elsewhere:
        return entry.target
    return next((place for place in entry.targets if skeletons.source_of(place) is not None), entry.target)


def _public_names(skeletons: Skeletons, module: str) -> tuple[str, ...]:
    source = skeletons.names.module(module)
    return () if source is None else tuple(sorted(name for name in source.definitions if not name.startswith("_")))


def source_facts(
    skeletons: Skeletons, target: str, native_type: str, *, base_kwargs: Kwargs = EMPTY
) -> ClassFacts | None:
    """The facts of one class of the tree; None if the tree does not contain it."""
    source = skeletons.source_of(target)
    module = None if source is None else skeletons.reader.module(source.module)
    if source is None or module is None:
        return None
    cls = skeletons.class_for(source)
    kind = kind_of(cls)
    if kind in _SPECIAL:
        facts = class_facts(cls, native_type, base_kwargs=base_kwargs)
        lines = _field_lines(skeletons, source)
        fields: Mapping[str, FieldFact] = {
            name: replace(one, line=lines.get(name, 0)) for name, one in facts.fields.items()
        }
        accepts_extra = facts.accepts_extra
    else:
        fields, accepts_extra = _constructor(skeletons, source)
    return ClassFacts(
        native_type=native_type,
        target=f"{source.module}:{source.qualname}",
        kind=kind,
        fields=fields,
        path=module.path,
        line=source.node.lineno,
        base_kwargs=dict(base_kwargs),
        accepts_extra=accepts_extra,
    )


def _field_lines(skeletons: Skeletons, source: ClassSource) -> dict[str, int]:
    lines: dict[str, int] = {}
    for owner in reversed(skeletons.reader.mro(source)):
        for statement in owner.node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                lines[statement.target.id] = statement.lineno
    return lines


def _constructor(skeletons: Skeletons, source: ClassSource) -> tuple[dict[str, FieldFact], bool]:
    """The arguments of a handwritten `__init__`, with those of the next base, which gets the rest."""
    owners = skeletons.reader.mro(source)
    for index, owner in enumerate(owners):
        init = next(
            (one for one in owner.node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None
        )
        if init is None:
            continue
        fields = dict(_parameters(skeletons, owner, init))
        use = keyword_use(init)
        accepts_extra = init.args.kwarg is not None
        if use is not None:
            for read in use.reads:
                if not read.name.startswith("_"):
                    known = fact(read.name, UNTYPED, default=read.default, required=read.required, line=read.line)
                    fields.setdefault(read.name, known)
            if use.forwarded and index + 1 < len(owners):
                inherited = source_facts(skeletons, f"{owners[index + 1].module}:{owners[index + 1].qualname}", "")
                if inherited is not None:
                    accepts_extra = inherited.accepts_extra
                    fields |= {name: one for name, one in inherited.fields.items() if name not in fields}
        return fields, accepts_extra
    return {}, False


def _parameters(skeletons: Skeletons, owner: ClassSource, init: ast.FunctionDef) -> Iterator[tuple[str, FieldFact]]:
    arguments = init.args
    defaults: dict[str, ast.expr | None] = {}
    positional = arguments.args[1:] if not arguments.posonlyargs else arguments.args
    shared = [*arguments.posonlyargs, *arguments.args]
    optional = shared[len(shared) - len(arguments.defaults) :]
    defaults |= {one.arg: value for one, value in zip(optional, arguments.defaults, strict=True)}
    defaults |= {one.arg: value for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
    for argument in (*positional, *arguments.kwonlyargs):
        value = defaults.get(argument.arg)
        known = None if value is None else skeletons.types.value(owner.module, value, (owner,))
        hint = argument.annotation
        yield (
            argument.arg,
            fact(
                argument.arg,
                UNTYPED if hint is None else read_annotation(skeletons.types.annotation(owner.module, hint, (owner,))),
                default=MISSING if known is None else plain_default(known.value),
                required=value is None,
                line=argument.lineno,
            ),
        )
