"""The real words of a field: what the library itself calls the values that a field takes.

A type is no word: that "x" is refused says nothing about "FULL". Words are read from where a person finds them: the
members of an enum, a Literal, what the code compares the field with or converts it by, its default, its documentation.
That the library takes them all is not said; that a rule is wrong which refuses one that it takes is.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from types import ModuleType
from typing import Any, Final, Literal, get_args

from pytest_llem_invariants.engines.mentions import mentions_of, taken_by
from pytest_llem_invariants.engines.tiny_model import json_file
from pytest_llem_invariants.language.values import as_held, distinct, holdable, neighbours

MOST_WORDS: Final = 24
_MOST_TOGETHER: Final = 4
"""Of so many words of a list's elements every two are put together."""
_QUOTED: Final = re.compile(r"""(?P<quote>``|["'`])(?P<word>[\w.+:/-]{1,40})(?P=quote)""")
_SHOUTED: Final = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b|(?<=- )[A-Z][A-Z0-9_]+\b")
_NO_WORD: Final = re.compile(r"[./]+\Z|[./~].*/|.*://")
"""A folder that every machine has, a path, an address: a library that is given one may look through it all."""
_OF_ARGUMENT: Final = re.compile(r"^[ \t]*(?P<name>[a-z_]\w*) ?(?:\(.*\))?: *", re.MULTILINE)
_OF_A_PATH: Final = re.compile(r"(?:\A|_)(?:path|file|filename)\Z")
_PATHS: Final = frozenset({"path", "purepath", "pathlike"})
_SPELLED_OUT: Final = frozenset({bool, int, float, str, type(None)})
_LISTS: Final = (list, tuple, set, frozenset)


@lru_cache(maxsize=1024)
def real_words(cls: type) -> Mapping[str, tuple[Any, ...]]:
    """Field → its real words, those that its type declares first; a field of which none is known is left out."""
    hints = _hints(cls)
    found = {name: [*_declared(hint)] for name, hint in hints.items()}
    for name, word in (*_said_in_code(cls, frozenset(hints)), *_said_in_documentation(cls)):
        if name in hints and not (isinstance(word, str) and word in hints):  # its documentation names other fields, too
            found[name].append(word)
    return {name: words for name in hints if (words := _with_collections(_kept(found[name]), _groups(hints[name])))}


def words_at(cls: type, path: str) -> tuple[Any, ...]:
    """The real words of the field at a dotted path through the classes that the fields hold."""
    first, _, rest = path.partition(".")
    if not rest:
        kinds = (one.__name__ for one in _parts(_hints(cls).get(first)) if inspect.isclass(one))
        return (*real_words(cls).get(first, ()), *existing_file(first, kinds))
    inner = [one for one in _parts(_hints(cls).get(first)) if inspect.isclass(one) and _is_of_package(one, cls)]
    return distinct(word for one in inner for word in words_at(one, rest))


def existing_file(name: str, types: Iterable[str] = ()) -> tuple[str, ...]:
    """A file that exists, for a field that takes the path of one: where it lies differs, so no example may name it."""
    is_path = _OF_A_PATH.search(name.rpartition(".")[2]) or _PATHS.intersection(one.lower() for one in types)
    return (str(json_file()),) if is_path else ()


def _kept(words: Iterable[Any]) -> tuple[Any, ...]:
    fine = (word for word in map(as_held, words) if holdable(word))
    return distinct(word for word in fine if not isinstance(word, str) or not _NO_WORD.match(word))[:MOST_WORDS]


def _with_collections(words: tuple[Any, ...], groups: tuple[type, ...]) -> tuple[Any, ...]:
    """The words, and for a field that holds several of them lists of one, of two, and of all."""
    single = tuple(word for word in words if isinstance(word, str))
    first = single[:_MOST_TOGETHER]
    several = [[one, other] for one in first for other in first if one is not other]
    lists = [*([one] for one in single), *several, [*single]] if single and set(groups) & set(_LISTS) else []
    keyed = [{one: True} for one in first if isinstance(one, str)] if dict in groups else []
    return distinct([*lists, *keyed, *words])


def _hints(cls: type) -> dict[str, Any]:
    """Field → its annotation, of the constructor where the class declares no fields; None where there is none."""
    found: dict[str, Any] = {}
    constructor = inspect.getattr_static(cls, "__init__", None)
    try:
        parameters = list(inspect.signature(constructor).parameters.values())[1:] if callable(constructor) else []
    except (TypeError, ValueError):  # written in C, without a signature
        parameters = []
    space = getattr(constructor, "__globals__", {})
    for one in parameters:
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
            found[one.name] = None if one.annotation is one.empty else _evaluated(one.annotation, space, {})
    for base in _own_bases(cls):
        node = _node_of(base)
        found.update({} if node is None else dict.fromkeys(name for name in taken_by(node) if name not in found))
    for base in reversed(cls.__mro__):
        space, own = vars(sys.modules.get(base.__module__, sys)), dict(vars(base))
        for name, annotation in own.get("__annotations__", {}).items():
            found[name] = _evaluated(annotation, space, own)
    found.update({name: info.annotation for name, info in getattr(cls, "__pydantic_fields__", {}).items()})
    return {name: hint for name, hint in found.items() if not name.startswith("_")}


def _evaluated(annotation: Any, space: dict[str, Any], own: dict[str, Any]) -> Any:
    holder = type("Holder", (), {"__annotations__": {"x": annotation}})
    try:
        return typing.get_type_hints(holder, space, own, include_extras=True)["x"]
    except Exception:  # a name that exists for type checkers only
        return None


def _parts(hint: Any) -> Iterator[Any]:
    """An annotation and what it is made of; the members of a Literal are values, not types."""
    yield hint
    if typing.get_origin(hint) is not Literal:
        for one in get_args(hint):
            yield from _parts(one)


def _groups(hint: Any) -> tuple[type, ...]:
    """The kinds of collections that an annotation allows at its top, where they hold text."""
    found: list[type] = []
    for part in _parts(hint):
        kind = typing.get_origin(part) or part
        inside = [one for argument in get_args(part) for one in _parts(argument)]
        if inspect.isclass(kind) and (not inside or str in inside or any(map(_members, inside))):
            found += [one for one in (*_LISTS, dict) if issubclass(kind, one)]
    return tuple(found)


def _declared(hint: Any) -> Iterator[Any]:
    for part in _parts(hint):
        yield from _members(part)


def _members(part: Any) -> tuple[Any, ...]:
    """What an annotation names: the members of an enum by their names and values, the members of a Literal."""
    if inspect.isclass(part) and issubclass(part, Enum):
        return tuple(word for member in part for word in (member.name, member.value))
    if typing.get_origin(part) is Literal:
        return tuple(one.value if isinstance(one, Enum) else one for one in get_args(part))
    return ()


def _own_bases(cls: type) -> Iterator[type]:
    return (base for base in cls.__mro__ if _is_of_package(base, cls))


def _is_of_package(one: type, cls: type) -> bool:
    return one.__module__.partition(".")[0] == cls.__module__.partition(".")[0]


def _node_of(cls: type) -> ast.ClassDef | None:
    """The statement that defines a class; None where it was made without source."""
    return _classes_of(cls.__module__).get(cls.__qualname__)


@lru_cache(maxsize=256)
def _classes_of(module: str) -> Mapping[str, ast.ClassDef]:
    """The classes of a module by their qualified names, the last of several that are told by conditions."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, KeyError, SyntaxError):
        return {}
    return dict(_within(tree, ""))


def _within(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, child
            yield from _within(child, f"{prefix}{child.name}.")
        elif not isinstance(child, (ast.expr, ast.FunctionDef)):
            yield from _within(child, prefix)


def _said_in_code(cls: type, fields: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """What the methods of a class compare a field with, and the members of the enums that they convert it by."""
    for base in _own_bases(cls):
        node, space = _node_of(base), vars(sys.modules.get(base.__module__, sys))
        if node is not None:
            for name, said in mentions_of(node, fields):
                yield from ((name, word) for word in _words_of(said, space))


def _words_of(said: Any, space: Mapping[str, Any]) -> Iterator[Any]:
    """A constant as it is; what a name of the module stands for."""
    value: Any = said
    if isinstance(said, ast.AST):
        value = space
        for name in ast.unparse(said).split("."):
            value = value.get(name) if value is space else getattr(value, name, None)
    if inspect.isclass(value):
        yield from _members(value) or _mappings(value)
    elif isinstance(value, Enum):
        yield from (value.name, value.value)
    elif isinstance(value, (*_LISTS, dict)):
        yield from (one for one in value if isinstance(one, (str, int, float)) and not isinstance(one, bool))
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield value


def names_in(module: ModuleType) -> tuple[str, ...]:
    """The names of the constants of a module of which nothing but such a name is known, as `torch.float32` is one."""
    members = [(name, vars(module)[name]) for name in sorted(vars(module)) if not name.startswith("_")]
    named = [(name, value) for name, value in members if not callable(value) and type(value) not in _SPELLED_OUT]
    return tuple(name for name, value in named if repr(value).rpartition(".")[0] == module.__name__)


def _mappings(cls: type) -> Iterator[dict[str, Any]]:
    """What builds a class by its keywords, for a field that is made into one.

    Two of them with their defaults, both together, and each with other values: what is wrong with a mapping is mostly
    its keys, and a mapping with a key that the class knows tells that from what stands under them.
    """
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    if all(one.default is not one.empty for one in named):
        given = [{one.name: as_held(one.default)} for one in named[:2]]
        yield from (*given, {key: value for one in given for key, value in one.items()})
        for one in given:
            for key, value in one.items():
                yield from ({key: other} for other in (*itertools.islice(neighbours(value), 1, 4), 7, None, "x", []))


def _said_in_documentation(cls: type) -> Iterator[tuple[str, str]]:
    """The quoted and the shouted words of the text below a field, of its help, and under its name in a docstring."""
    for base in _own_bases(cls):
        node = _node_of(base)
        body: list[ast.stmt] = [] if node is None else node.body
        for statement, after in itertools.zip_longest(body, body[1:]):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                below = [after.value] if isinstance(after, ast.Expr) else []
                for text in _texts_of((*below, *([] if statement.value is None else [statement.value]))):
                    yield from ((statement.target.id, word) for word in words_in_text(text))
        documented = [base.__doc__, getattr(vars(base).get("__init__"), "__doc__", None)]
        for text in filter(None, documented):
            places = list(_OF_ARGUMENT.finditer(text))
            for place, following in itertools.zip_longest(places, places[1:]):
                said = text[place.end() : following.start() if following else None]
                yield from ((place["name"], word) for word in words_in_text(said))


def _texts_of(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The texts inside of expressions, but the keys of mappings."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from _texts_of(node.values if isinstance(node, ast.Dict) else ast.iter_child_nodes(node))


def words_in_text(text: str) -> Iterator[str]:
    """What may be a value in a text that is written for people; a text that is one word is one."""
    if re.fullmatch(r"[\w.+:-]{1,40}", text):
        yield text
    found = [(one.start(), one["word"]) for one in _QUOTED.finditer(text)]
    found += [(one.start(), one[0]) for one in _SHOUTED.finditer(text)]
    yield from (word for _, word in sorted(found))
