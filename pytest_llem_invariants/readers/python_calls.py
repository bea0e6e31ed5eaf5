"""Calls of an engine's classes in Python, and the command lines that a program starts, read without running it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, TypeGuard

from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import FILLED, Beside, Found, UnknownValue, Word
from pytest_llem_invariants.readers.launches import in_script, may_start, of_words
from pytest_llem_invariants.readers.python_lists import grown, is_joined, is_list, items
from pytest_llem_invariants.readers.source import Place, Source

_MOST_DEEP: Final = 40
_MOST_BLANK: Final = 200
"""Letters within which a quote stands before a command."""
_SHELL: Final = re.compile(r"shell\s*=\s*True\b|os\.system\(|_shell\(")
"""By which a program gives a line to a shell."""


def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """What a program says to an engine; nothing of text that is no Python."""
    if not _is_worth(source.text, known):
        return
    text = source.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(_plain(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from _Program(source, tree, known).read()


def _is_worth(text: str, known: Sequence[Engine]) -> bool:
    """Whether a program may have a call or a command: parsing costs much more than to look for their names."""
    for engine in known:
        if any(key in text and _section(key).search(text) for key in engine.sections):
            return True
        heads = tuple(head for head in engine.heads if all(word in text for word in head[-2:]))
        if heads and any(_is_begun(text, found.start()) for found in _command(heads).finditer(text)):
            return True
        is_called = engine.package in text and any(name in text and _called(name).search(text) for name in engine.calls)
        if is_called and _imported(engine.package).search(text):
            return True
    return False


@cache
def _section(key: str) -> re.Pattern[str]:
    """A keyword; what begins with letters is found much faster than what begins with the end of a word."""
    name = re.escape(key)
    return re.compile(rf"{name}(?<!\w{name})\s*=")


@cache
def _called(name: str) -> re.Pattern[str]:
    name = re.escape(name)
    return re.compile(rf"{name}(?<!\w{name})(?:\s*\(|\s+as\s)")


@cache
def _imported(package: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*(?:from|import)\s+{re.escape(package)}\b", re.MULTILINE)


@cache
def _command(heads: tuple[tuple[str, ...], ...]) -> re.Pattern[str]:
    """A command's words in a text, or its last two as members of a list: what begins with letters is found fast."""
    escaped = [tuple(map(re.escape, head)) for head in heads]
    listed = "|".join("['\"]\\s*,\\s*['\"]".join(head[-2:]) for head in escaped)
    spoken = "|".join(" +".join(head) for head in escaped)
    return re.compile(rf"(?:{listed})['\"]|(?:{spoken})\s")


def _is_begun(text: str, at: int) -> bool:
    """Whether a quote or another command ends before a place."""
    return text[max(0, at - _MOST_BLANK) : at].rstrip()[-1:] in ("'", '"', "&", ";")


def _plain(text: str) -> str:
    """A program of a notebook or a page: lines that are for the notebook itself are comments."""
    return re.sub(r"^([ \t]*)[!%](?=\S)", r"\1#", text, flags=re.MULTILINE)


_NOTED: Final = frozenset(
    {
        *(ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr),
        *(ast.For, ast.AsyncFor, ast.comprehension, ast.arg),
    }
)
"""What gives a name a meaning."""
_BARE: Final = frozenset({"arg", "attr", "ctx", "id", "kind", "module", "op", "ops", "type_comment"})
"""Fields in which there is no expression and no statement."""


_FIELDS: Final = {
    kind: () if kind is ast.Constant else tuple(name for name in kind._fields if name not in _BARE)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
"""Class of nodes → those of its fields in which there may be another node."""


def _nodes(tree: ast.AST) -> list[ast.AST]:
    """Every node that may matter, as `ast.walk` gives them: a program has tens of thousands, so each step counts."""
    found = [tree]
    for node in found:
        for name in _FIELDS[node.__class__]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                found += [part for part in value if isinstance(part, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return found


class _Program:
    def __init__(self, source: Source, tree: ast.Module, known: Sequence[Engine]) -> None:
        self._source = source
        self._tree = tree
        self._known = known
        self._starts = tuple(" ".join(head) for engine in known for head in engine.heads)
        self._imported: dict[str, tuple[str, str]] = {}
        """Name → the module and the name that it was imported by."""
        self._values: dict[str, ast.expr | None] = {}
        """Name → what it is set to, where it is set once."""
        self._taken: set[int] = set()
        """Lists that are read as parts of others, or with what is put behind them."""
        self._scopes: list[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef] = [tree]
        self._lines = [0]
        for line in source.text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def read(self) -> Iterator[Found]:
        docs: set[int] = set()
        """Texts that are no words by themselves."""
        nodes = _nodes(self._tree)
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._scopes.append(node)
            elif node.__class__ in _NOTED:
                self._note(node)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                docs.add(id(node.value))
        for node in nodes:
            if isinstance(node, ast.Call):
                yield from self._call(node)
            elif isinstance(node, (ast.List, ast.Tuple, ast.BinOp, ast.Assign, ast.AnnAssign)):
                yield from self._list(node)
            elif isinstance(node, ast.JoinedStr):
                docs.update(map(id, node.values))
                yield from self._text(node, self._said(node) or "")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                yield from self._text(node, node.value)

    def _list(self, node: ast.expr | ast.Assign | ast.AnnAssign) -> Iterator[Found]:
        """The words of a list, with what is put behind it where it has a name."""
        value = node if isinstance(node, ast.expr) else node.value
        if value is None or id(value) in self._taken or not is_list(value):
            return
        parts = list(items(value))
        if not may_start([self._said(part) or "" for part in parts], self._known):
            return
        self._taken.update(map(id, ast.walk(value)) if isinstance(value, ast.BinOp) else [id(value)])
        words = [self._word(part) for part in parts]
        name = ""
        if isinstance(node, ast.stmt):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = target.id if isinstance(target, ast.Name) else ""
            for scope in self._scopes if name else ():
                for part, is_sure in grown(scope.body, node, name):
                    word = self._word(part)
                    words.append(word if is_sure else word.but(given=False))
        if _SHELL.search(self._source.text) and is_joined(self._tree, value, name):
            yield from in_script(_line(words), self._known, Beside())
        else:
            yield from of_words(words, self._known, Beside())

    def _text(self, node: ast.expr, text: str) -> Iterator[Found]:
        """A text that is a command line: it begins with an engine's command, and has options."""
        if text.lstrip().startswith(self._starts):
            said = in_script(Source(text, [(0, *self._place(node))]), self._known, Beside())
            yield from (one for one in said if any(word.startswith("--") for word in one.words))

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                self._imported[name.asname or name.name] = (node.module, name.name)
        elif isinstance(node, ast.Import):
            for name in node.names:
                self._imported[name.asname or name.name] = (name.name, "")
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                for one in _nodes(target):
                    if isinstance(one, ast.Name):
                        is_plain = isinstance(target, ast.Name) and one.id not in self._values
                        self._values[one.id] = node.value if is_plain else None
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self._values[node.target.id] = None if node.target.id in self._values else node.value
        elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor, ast.NamedExpr, ast.comprehension)):
            for one in _nodes(node.target):
                if isinstance(one, ast.Name):
                    self._values[one.id] = None
        elif isinstance(node, ast.arg):
            self._values[node.arg] = None

    def _call(self, node: ast.Call) -> Iterator[Found]:
        yield from self._sections(node)
        engine, name = self._called(node.func)
        if engine is None:
            return
        told = engine.calls[name]
        data: dict[str, Any] = {}
        places: dict[str, Place] = {}
        for parameter, value in zip(told.get("positional", ()), node.args, strict=False):
            if isinstance(value, ast.Starred):
                break
            data[parameter] = self._plain(value)
            places[parameter] = self._place(value)
        for keyword in node.keywords:
            if keyword.arg is None:
                if not self._merge(keyword.value, data, places):
                    data["**"] = UnknownValue("**")
                continue
            data[keyword.arg] = self._plain(keyword.value)
            places[keyword.arg] = self._place(keyword)
        if set(data) - {"**"}:
            yield self._mapping(engine.name, told["form"], self._place(node), data, places)

    def _sections(self, node: ast.Call) -> Iterator[Found]:
        """An argument under a name that an engine declares for a mapping of its options."""
        for keyword in node.keywords:
            for engine in self._known:
                form = engine.sections.get(keyword.arg or "")
                if form is None:
                    continue
                data: dict[str, Any] = {}
                places: dict[str, Place] = {}
                if not self._merge(keyword.value, data, places):
                    continue
                if data:
                    yield self._mapping(engine.name, form, self._place(keyword), data, places)

    def _mapping(self, engine: str, form: str, at: Place, data: dict[str, Any], places: dict[str, Place]) -> Found:
        def place_of(path: tuple[str | int, ...]) -> Place:
            return places.get(str(path[0]), at) if path else at

        return Found(engine, form, at, data=data, place_of=place_of)

    def _merge(self, value: ast.expr, data: dict[str, Any], places: dict[str, Place], depth: int = 0) -> bool:
        """`**mapping`, where the program writes the mapping out; what another adds to it is not known."""
        told = self._meant(value)
        if isinstance(told, ast.Dict) and depth < _MOST_DEEP:
            for key, item in zip(told.keys, told.values, strict=True):
                if key is None:
                    self._merged(item, data, places, depth)
                elif isinstance(key, ast.Constant):
                    self._put(str(key.value), item, key, data, places)
                else:
                    data["**"] = UnknownValue("**")
            return True
        if isinstance(told, ast.Call) and isinstance(told.func, ast.Name) and told.func.id == "dict":
            for one in told.args[:1] if depth < _MOST_DEEP else []:
                self._merged(one, data, places, depth)
            for keyword in told.keywords:
                if keyword.arg is None:
                    self._merged(keyword.value, data, places, depth)
                else:
                    self._put(keyword.arg, keyword.value, keyword, data, places)
            return True
        return False

    def _merged(self, value: ast.expr, data: dict[str, Any], places: dict[str, Place], depth: int) -> None:
        if not self._merge(value, data, places, depth + 1):
            # It may say anything anew of what was said before.
            data.update({name: UnknownValue(name) for name in data} | {"**": UnknownValue("**")})

    def _put(self, name: str, value: ast.expr, at: ast.AST, data: dict[str, Any], places: dict[str, Place]) -> None:
        data[name] = self._plain(value)
        places[name] = self._place(at)

    def _called(self, function: ast.expr) -> tuple[Engine | None, str]:
        """The engine whose class is called, if the name comes from its package."""
        if isinstance(function, ast.Attribute) and function.attr in ("from_engine_args", "from_dict"):
            return None, ""
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            module = self._imported.get(function.value.id, ("", ""))
            name = function.attr
            package = module[0] if not module[1] else f"{module[0]}.{module[1]}"
        elif isinstance(function, ast.Name):
            package, name = self._imported.get(function.id, ("", ""))
        else:
            return None, ""
        for engine in self._known:
            if name in engine.calls and (package == engine.package or package.startswith(f"{engine.package}.")):
                return engine, name
        return None, ""

    def _meant(self, value: ast.expr) -> ast.expr:
        for _ in range(5):
            told = self._values.get(value.id) if isinstance(value, ast.Name) else None
            if told is None:
                break
            value = told
        return value

    def _plain(self, value: ast.expr, depth: int = 0) -> Any:
        """The value that an expression writes out; else an UnknownValue."""
        value = self._meant(value)
        if depth < _MOST_DEEP:
            if isinstance(value, ast.Constant) and isinstance(value.value, (bool, int, float, str, type(None))):
                return value.value
            if _is_dict(value):
                return {str(one.arg): self._plain(one.value, depth + 1) for one in value.keywords}
            if isinstance(value, ast.Dict) and all(isinstance(key, ast.Constant) for key in value.keys):
                return {
                    str(getattr(key, "value", "")): self._plain(item, depth + 1)
                    for key, item in zip(value.keys, value.values, strict=True)
                }
            if isinstance(value, (ast.List, ast.Tuple)):
                return [self._plain(item, depth + 1) for item in value.elts]
            if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
                inner = self._plain(value.operand, depth + 1)
                if isinstance(inner, (int, float)) and not isinstance(inner, bool):
                    return -inner
        return UnknownValue(type(value).__name__)

    def _word(self, value: ast.expr) -> Word:
        place = self._place(value)
        if isinstance(value, ast.Starred):
            return Word("*", place, known=False, several=True)
        told = self._said(value)
        if told is None:
            return Word("…", place, known=False)
        if FILLED in told:
            return Word(told.replace(FILLED, "…"), place, known=False, source=Source(told, [(0, *place)]))
        return Word(told, place)

    def _said(self, value: ast.expr) -> str | None:
        """The letters of a word that the program writes out."""
        value = self._meant(value)
        if isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else None
        if isinstance(value, ast.JoinedStr):
            return "".join(FILLED if (told := self._put_in(part)) is None else told for part in value.values)
        # `sys.executable`
        return "python" if isinstance(value, ast.Attribute) and value.attr == "executable" else None

    def _put_in(self, part: ast.expr) -> str | None:
        """What a part of an f-string becomes, as far as the program writes it out."""
        if not isinstance(part, ast.FormattedValue):
            return self._said(part)
        told = self._meant(part.value)
        is_plain = part.format_spec is None and part.conversion == -1 and isinstance(told, ast.Constant)
        return str(told.value) if is_plain and isinstance(told, ast.Constant) else None

    def _place(self, node: Any) -> Place:
        line = getattr(node, "lineno", 1)
        start = self._lines[min(line - 1, len(self._lines) - 1)]
        column = getattr(node, "col_offset", 0)
        return self._source.place(start + column)


def _line(words: Sequence[Word]) -> Source:
    """Words as the line of a shell that they are joined to; what a condition decides may be any."""
    text, starts = "", []
    for word in words:
        starts.append((len(text), *word.place))
        is_told = word.given and not word.several and (word.known or word.source is not None)
        text += f"{(word.source.text if word.source else word) if is_told else FILLED} "
    return Source(text, starts)


def _is_dict(value: ast.expr) -> TypeGuard[ast.Call]:
    """Whether it is `dict(a=…)`."""
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "dict"
        and not value.args
        and all(one.arg for one in value.keywords)
    )
