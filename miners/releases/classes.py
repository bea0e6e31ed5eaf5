"""The fields of a class with their types, defaults and what the library says of those that it would rather not see."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from miners.releases.modules import Defined, Modules

_OUTDATED: Final = re.compile(
    r"(?:\A|\[|\(|: )deprecated\b|\b(?:is|are|was|will be|has been) (?:now )?(?:deprecated|obsolete|replaced|removed)\b"
    r"|\btransitional option\b|\bdeprecated alias\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'\[])")
_LONGEST: Final = 300
_POPPED: Final = frozenset({"pop", "get"})


@dataclass(frozen=True)
class Found:
    """One option, field or variable as one release has it."""

    kind: str = ""
    """What it takes, as written: `int`, `bool | None`; of an option `switch` if it has a `--no-` form, else `flag`."""
    default: str | None = None
    """The default as it is written, None if there is none."""
    note: str | None = None
    """The library's own words that it is deprecated, if it says so."""


def fields_of(modules: Modules, of: Defined, depth: int = 0) -> dict[str, Found]:
    """The fields of a class, those of its bases first."""
    assert isinstance(of.node, ast.ClassDef)
    found: dict[str, Found] = {}
    for base in of.node.bases if depth < 8 else ():
        name = base.value if isinstance(base, ast.Subscript) else base
        above = modules.find(of.module, ast.unparse(name)) if isinstance(name, ast.Name) else None
        if above is not None and isinstance(above.node, ast.ClassDef):
            found.update(fields_of(modules, above, depth + 1))
    annotated = dict(_annotated(modules, of, of.node))
    return {**found, **(annotated or dict(_initialised(modules, of, of.node)))}


def _annotated(modules: Modules, of: Defined, node: ast.ClassDef) -> Iterator[tuple[str, Found]]:
    for position, statement in enumerate(node.body):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name, kind = statement.target.id, ast.unparse(statement.annotation)
        if name.startswith("_") or name == "model_config" or kind.startswith("ClassVar"):
            continue
        kind = kind.removeprefix("InitVar[").removesuffix("]") if kind.startswith("InitVar[") else kind
        texts = list(_texts(modules, of, statement.value)) if isinstance(statement.value, ast.Call) else []
        following = node.body[position + 1] if position + 1 < len(node.body) else None
        if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            texts.append(str(following.value.value))
        yield name, Found(kind, default_of(modules, of, statement.value), outdated(texts))


def _initialised(modules: Modules, of: Defined, node: ast.ClassDef) -> Iterator[tuple[str, Found]]:
    """What the initialiser of a plain class takes: its parameters, and what it takes out of its keyword arguments."""
    made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
    if made is None:
        return
    parameters = [*made.args.posonlyargs, *made.args.args][1:]
    defaults = [None] * (len(parameters) - len(made.args.defaults)) + list(made.args.defaults)
    given = [*zip(parameters, defaults, strict=True), *zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True)]
    for parameter, default in given:
        kind = "" if parameter.annotation is None else ast.unparse(parameter.annotation)
        yield parameter.arg, Found(kind, default_of(modules, of, default))
    for call in ast.walk(made):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=source), attr=way),
                args=[ast.Constant(value=str() as name), *rest],
            ) if way in _POPPED and made.args.kwarg is not None and source == made.args.kwarg.arg:
                if not name.startswith("_"):
                    yield name, Found("", default_of(modules, of, rest[0]) if rest else None)


def default_of(modules: Modules, of: Defined, value: ast.expr | None, depth: int = 0) -> str | None:
    """The default as written, where another class's or a field's own is meant that one."""
    if value is None or depth > 6:
        return None
    match value:
        case ast.Call(func=ast.Name(id="field" | "Field" | "PydanticField"), args=args, keywords=keywords):
            named = {keyword.arg: keyword.value for keyword in keywords}
            inner = named.get("default", args[0] if args else None)
            if inner is not None:
                return default_of(modules, of, inner, depth + 1)
            made = named.get("default_factory")
            return None if made is None else ast.unparse(ast.Call(func=made, args=[], keywords=[]))
        case ast.Call(func=ast.Name(), args=[ast.Name(id=other), ast.Constant(value=str() as name)]):
            return _of_class(modules, of, other, name, depth) or ast.unparse(value)
        case ast.Attribute(value=ast.Name(id=other), attr=name):
            return _of_class(modules, of, other, name, depth) or ast.unparse(value)
        case ast.Constant(value=value_) if value_ is ...:
            return None
    return ast.unparse(value)


def _of_class(modules: Modules, of: Defined, other: str, name: str, depth: int) -> str | None:
    """The default of a field of another class."""
    found = modules.find(of.module, other)
    if found is None or not isinstance(found.node, ast.ClassDef):
        return None
    for statement in found.node.body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name:
            return default_of(modules, found, statement.value, depth + 1)
    return None


def _texts(modules: Modules, of: Defined, node: ast.AST) -> Iterator[str]:
    """The texts in an expression, those of named constants too."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value
        elif isinstance(inner, ast.JoinedStr):
            yield ast.unparse(inner)
        elif isinstance(inner, ast.Name):
            found = modules.find(of.module, inner.id)
            if found is not None and isinstance(found.node, ast.Constant) and isinstance(found.node.value, str):
                yield found.node.value
        elif isinstance(inner, ast.keyword) and inner.arg == "deprecated" and ast.unparse(inner.value) == "True":
            yield "It is deprecated."


def outdated(texts: list[str]) -> str | None:
    """The sentences that say that something is deprecated, has no effect or will be removed."""
    for text in texts:
        sentences = _SENTENCE.split(" ".join(text.split()))
        said = [number for number, sentence in enumerate(sentences) if _OUTDATED.search(sentence)]
        if said:
            return " ".join(sentences[said[0] : said[-1] + 2])[:_LONGEST]
    return None


texts_in = _texts
