"""The default of each field: a value, an object, or something that depends on this machine."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final, final

from miners.discovery.shapes import to_json
from miners.surface import modules
from miners.surface.imported import plain_default
from pytest_llem_invariants.language.expressions import MISSING

_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]+\b")
_LONGEST: Final = 60
_FOLLOWED: Final = 4


@final
@dataclass(frozen=True, slots=True)
class Source:
    """The source of a default: an object or a factory, and the expression in the code."""

    value: Any = MISSING
    factory: Callable[[], Any] | None = None
    expression: ast.expr | None = None
    module: str = ""
    code: CodeType | None = None
    """The expression, unless it is a literal: evaluated again, it may give another value."""

    @property
    def text(self) -> str:
        return "made when the class is built" if self.expression is None else ast.unparse(self.expression)


@final
@dataclass(frozen=True, slots=True)
class Evaluated:
    """A default at one time on one machine."""

    kind: str
    """`value`, `object`, or `failed`."""
    what: Any


def sources_of(cls: type) -> Mapping[str, Source]:
    """Field name → the source of its default, for fields that have one."""
    written = dict(_expressions(cls))
    found: dict[str, Source] = {}
    for name, (value, factory) in {**_of_constructors(cls), **_declared(cls)}.items():
        expression, module = written.get(name, (None, ""))
        found[name] = Source(value, factory, expression, module, _code(expression, factory, module))
    for name, (expression, module) in written.items():
        if name not in found:
            code = _code(expression, None, module)
            value = ast.literal_eval(_followed(expression, module)) if code is None else MISSING
            found[name] = Source(value, None, expression, module, code)
    return found


def tell(source: Source) -> Evaluated:
    """The default at this moment."""
    if source.factory is None:
        return _described(_evaluated(source) if source.value is MISSING else source.value)
    try:
        return _described(source.factory())
    except Exception as error:  # a factory of the library may raise anything on another machine
        return Evaluated("failed", type(error).__name__)


def tell_again(source: Source) -> Evaluated:
    """The default as its expression gives it now; equal to `tell` where each object gets a new one anyway."""
    if source.code is None or source.factory is not None:
        return tell(source)
    return _described(_evaluated(source))


def _evaluated(source: Source) -> Any:
    if source.code is None:
        return MISSING
    try:
        return eval(source.code, dict(vars(sys.modules[source.module])))
    except Exception:  # it uses names of the class body, or of arguments
        return MISSING


def _described(value: Any) -> Evaluated:
    plain = plain_default(value)
    if plain is not MISSING:
        return Evaluated("value", to_json(plain))
    if value is MISSING:
        return Evaluated("failed", "not an expression that can be read alone")
    if inspect.isclass(value) or inspect.isroutine(value):
        return Evaluated("object", f"{value.__module__}.{value.__qualname__}")
    name = type(value).__name__
    text = repr(value)
    is_record = dataclasses.is_dataclass(value) or hasattr(value, "__struct_fields__") or hasattr(value, "model_fields")
    telling = not is_record and "\n" not in text and len(text) <= _LONGEST and not _ADDRESS.search(text)
    return Evaluated("object", text if telling else name)


@contextmanager
def environment_reads() -> Iterator[set[str]]:
    """The names of the environment variables that code reads inside a block."""
    kind: Any = type(os.environ)
    original = kind.__getitem__
    names: set[str] = set()

    def recording(self: Any, key: str) -> str:
        names.add(str(key))
        text: str = original(self, key)
        return text

    kind.__getitem__ = recording
    try:
        yield names
    finally:
        kind.__getitem__ = original


def _declared(cls: type) -> dict[str, tuple[Any, Callable[[], Any] | None]]:
    """The fields of a pydantic class, a dataclass or a struct."""
    found: dict[str, tuple[Any, Callable[[], Any] | None]] = {}
    for name, field in getattr(cls, "__dataclass_fields__", {}).items():
        _add(found, name, field.default, field.default_factory, dataclasses.MISSING)
    if hasattr(cls, "__struct_fields__"):
        msgspec = importlib.import_module("msgspec")
        for field in msgspec.structs.fields(cls):
            _add(found, field.name, field.default, field.default_factory, msgspec.NODEFAULT)
    for name, info in getattr(cls, "__pydantic_fields__", {}).items():
        nothing = importlib.import_module("pydantic_core").PydanticUndefined
        found.pop(name, None)
        _add(found, name, info.default, info.default_factory or nothing, nothing)
    return found


def _add(found: dict[str, tuple[Any, Any]], name: str, value: Any, factory: Any, nothing: Any) -> None:
    if factory is not nothing:
        found[name] = (MISSING, factory)
    elif value is not nothing and value is not ...:
        found[name] = (value, None)


def _of_constructors(cls: type) -> dict[str, tuple[Any, Callable[[], Any] | None]]:
    found: dict[str, tuple[Any, Callable[[], Any] | None]] = {}
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if inspect.isfunction(init):
            for parameter in inspect.signature(init).parameters.values():
                if parameter.default is not parameter.empty:
                    found.setdefault(parameter.name, (parameter.default, None))
    return found


def _expressions(cls: type) -> Iterator[tuple[str, tuple[ast.expr, str]]]:
    """Field name → the expression of its default, and its module. Bases come first, so the nearest class wins."""
    for base in reversed(cls.__mro__):
        node = modules.class_node(base) if base is not object else None
        for statement in node.body if node is not None else ():
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    yield name, (_default_within(value), base.__module__)
                case ast.FunctionDef(name="__init__"):
                    yield from ((name, (value, base.__module__)) for name, value in _written_arguments(statement))


def _default_within(value: ast.expr) -> ast.expr:
    """The default inside `field(default=…)` or `Field(default_factory=…)`."""
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            if keyword.arg in ("default", "default_factory"):
                return keyword.value
        if isinstance(value.func, ast.Name) and value.func.id == "Field" and value.args:
            return value.args[0]
    return value


def _written_arguments(init: ast.FunctionDef) -> Iterator[tuple[str, ast.expr]]:
    arguments = init.args
    for given, value in zip(reversed(arguments.args), reversed(arguments.defaults), strict=False):
        yield given.arg, value
    for given, written in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if written is not None:
            yield given.arg, written
    for node in ast.walk(init):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(), attr="pop"), args=[ast.Constant(value=str(name)), value]
            ):
                yield name, value


def _code(expression: ast.expr | None, factory: object, module: str) -> CodeType | None:
    if expression is None or factory is not None:
        return None
    meant = _followed(expression, module)
    try:
        ast.literal_eval(meant)
    except ValueError:
        return compile(ast.Expression(body=meant), "<default>", "eval")
    return None


def _followed(expression: ast.expr, module: str) -> ast.expr:
    """The one assignment in the module to the name that an expression is."""
    file = modules.module_file(module)
    for _ in range(_FOLLOWED):
        if not isinstance(expression, ast.Name) or file is None:
            break
        values = [
            statement.value
            for statement in modules.module_tree(file).body
            if isinstance(statement, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == expression.id for target in statement.targets)
        ]
        if len(values) != 1:
            break
        expression = values[0]
    return expression
