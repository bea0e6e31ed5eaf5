"""The options of a command's parser: each `add_argument` that is reached from where the command builds its parser."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from miners.releases.classes import Found, default_of, fields_of, outdated, texts_in
from miners.releases.modules import Defined, Modules

_MAKES_PARSER = frozenset({"add_parser", "add_argument_group", "add_mutually_exclusive_group", "ArgumentParser"})


@dataclass
class _Reading:
    """What is known within one function."""

    inside: Defined
    cls: Defined | None
    parsers: set[str]
    kwargs: dict[str, dict[str, Found]] = field(default_factory=dict)
    """Variables that hold the arguments made of a class's fields, by field."""
    loops: dict[str, dict[str, Found]] = field(default_factory=dict)
    """Variables of a loop over such, or over written options."""
    lists: dict[str, ast.expr] = field(default_factory=dict)
    """Variables that hold a written list."""


def options_of(modules: Modules, entry: str) -> dict[str, Found]:
    """The options that a function or method adds to a parser, by their first long name."""
    owner, _, name = entry.rpartition(".")
    of, inside = modules.named(owner), modules.named(entry)
    if inside is None and of is not None and isinstance(of.node, ast.ClassDef):
        inside = _method(modules, of, name)
    if inside is None or not isinstance(inside.node, ast.FunctionDef):
        return {}
    cls = of if of is not None and isinstance(of.node, ast.ClassDef) else None
    found: dict[str, Found] = {}
    for names, what in _read(modules, inside, cls, set(), frozenset()):
        long = [one for one in names if one.startswith("--")]
        if long:
            found.setdefault(long[0].replace("_", "-"), what)
            for other in long[1:]:
                found.setdefault(other.replace("_", "-"), what)
    return found


def _method(modules: Modules, of: Defined, name: str) -> Defined | None:
    assert isinstance(of.node, ast.ClassDef)
    for statement in of.node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return Defined(of.module, statement)
    for base in of.node.bases:
        above = modules.find(of.module, base.id) if isinstance(base, ast.Name) else None
        if above is not None and isinstance(above.node, ast.ClassDef):
            found = _method(modules, above, name)
            if found is not None:
                return found
    return None


def _read(
    modules: Modules, inside: Defined, cls: Defined | None, parsers: set[str], above: frozenset[int]
) -> Iterator[tuple[list[str], Found]]:
    node = inside.node
    if not isinstance(node, ast.FunctionDef) or id(node) in above:
        return
    reading = _Reading(inside, cls, parsers)
    for statement in _in_order(node):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            _assigned(modules, reading, statement.targets[0].id, statement.value)
        elif isinstance(statement, ast.For):
            _looped(reading, statement)
        elif isinstance(statement, ast.Call):
            if isinstance(statement.func, ast.Attribute) and statement.func.attr == "add_argument":
                yield from _argument(modules, reading, statement)
            elif any(isinstance(one, ast.Name) and one.id in reading.parsers for one in statement.args):
                called = _called(modules, reading, statement)
                if called is not None:
                    yield from _read(modules, called[0], called[1], called[2], above | {id(node)})


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Every node of a function, each before what is inside it, in the order of the source."""
    for child in ast.iter_child_nodes(node):
        yield child
        yield from _in_order(child)


def _assigned(modules: Modules, reading: _Reading, name: str, value: ast.expr) -> None:
    if isinstance(value, (ast.List, ast.Tuple)):
        reading.lists[name] = value
    for call in (one for one in ast.walk(value) if isinstance(one, ast.Call)):
        made = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if made in _MAKES_PARSER or made.endswith("ArgumentParser"):
            reading.parsers.add(name)
        elif len(call.args) == 1 and isinstance(call.args[0], ast.Name):
            given = call.args[0].id
            if given in reading.parsers:
                reading.parsers.add(name)
            elif given in reading.kwargs:
                reading.kwargs[name] = reading.kwargs[given]
            else:
                of = reading.cls if given == "cls" else modules.find(reading.inside.module, given)
                if of is not None and isinstance(of.node, ast.ClassDef):
                    reading.kwargs[name] = fields_of(modules, of)


def _looped(reading: _Reading, loop: ast.For) -> None:
    """`for name, value in kwargs.items()`: the loop goes over the fields of a class, or over a list of options."""
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else loop.target
    if not isinstance(target, ast.Name):
        return
    over = loop.iter
    for one in ast.walk(over):
        if isinstance(one, ast.Name) and one.id in reading.kwargs:
            reading.loops[target.id] = reading.kwargs[one.id]
    written = reading.lists.get(over.id, over) if isinstance(over, ast.Name) else over
    texts = [one.value for one in ast.walk(written) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    options = [text for text in texts if text.startswith("--")]
    if options:
        reading.loops[target.id] = {option[2:]: Found() for option in options}


def _called(modules: Modules, reading: _Reading, call: ast.Call) -> tuple[Defined, Defined | None, set[str]] | None:
    """The function that a parser is handed to, the class it belongs to, and what it calls the parser."""
    of: Defined | None = None
    function: Defined | None = None
    match call.func:
        case ast.Name(id=name):
            function = modules.find(reading.inside.module, name)
        case ast.Attribute(value=ast.Name(id="cls" | "self"), attr=name) if reading.cls is not None:
            of = reading.cls
            function = _method(modules, of, name)
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            of = modules.find(reading.inside.module, owner)
            if of is not None and isinstance(of.node, ast.ClassDef):
                function = _method(modules, of, name)
    if function is None or not isinstance(function.node, ast.FunctionDef):
        return None
    names = [one.arg for one in function.node.args.args]
    bound = names[1:] if names[:1] in (["self"], ["cls"]) else names
    given = {
        bound[position]
        for position, one in enumerate(call.args[: len(bound)])
        if isinstance(one, ast.Name) and one.id in reading.parsers
    }
    return function, of, given


def _argument(modules: Modules, reading: _Reading, call: ast.Call) -> Iterator[tuple[list[str], Found]]:
    names = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    options = [name for name in names if name.startswith("-")]
    if options:
        yield options, _described(modules, reading, call)
        return
    for one in (inner for argument in call.args for inner in ast.walk(argument) if isinstance(inner, ast.Name)):
        if one.id in reading.loops:
            said = _described(modules, reading, call)
            for name, found in reading.loops[one.id].items():
                yield [f"--{name}"], Found(_shown(found.kind), found.default, said.note or found.note)
            return


def _shown(kind: str) -> str:
    """`switch` of what the parser makes two options of."""
    return "switch" if "bool" in kind and "str" not in kind else kind


def _described(modules: Modules, reading: _Reading, call: ast.Call) -> Found:
    """What one call says of the option, beside the field whose arguments it hands over."""
    base = Found()
    for keyword in call.keywords:
        if keyword.arg is None:
            for inner in ast.walk(keyword.value):
                match inner:
                    case ast.Subscript(value=ast.Name(id=held), slice=ast.Constant(value=str() as name)):
                        found = reading.kwargs.get(held, {}).get(name)
                        if found is not None:
                            base = Found(_shown(found.kind), found.default, found.note)
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    kind, default, note = base.kind, base.default, base.note
    action = ast.unparse(given["action"]) if "action" in given else ""
    if "BooleanOptionalAction" in action:
        kind = "switch"
    elif "store_" in action:
        kind, default = "flag", str("store_true" not in action)
    elif "type" in given and not kind:
        kind = ast.unparse(given["type"])
    if "default" in given:
        default = default_of(modules, reading.inside, given["default"])
    texts = [*texts_in(modules, reading.inside, given["help"])] if "help" in given else []
    if "deprecated" in given:
        texts.append("It is deprecated.")
    return Found(kind, default, outdated(texts) or note)
