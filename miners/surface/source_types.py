"""Annotations, constants and field declarations of a source tree, as live objects without importing the tree.

The packages that types are written with (the standard library, pydantic, msgspec) are real. A class of the tree is
rebuilt as a skeleton; a class of any other library is an empty class with the same name.
"""

from __future__ import annotations

import ast
import dataclasses
import typing
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Annotated, Any, Final, Literal, Protocol, final

from miners.code.definitions import ClassSource, Value
from miners.code.folding import fold
from miners.code.tree import TreeReader
from miners.surface.source_names import Here, Names, Outside, Package

Scope = Sequence[ClassSource]

_DEEPEST: Final = 24
_PYDANTIC_FIELD: Final = ("pydantic.Field", "pydantic.fields.Field")
_DATACLASS_FIELD: Final = ("dataclasses.field", "msgspec.field")
_FLAGS: Final = ("enum.Flag", "enum.IntFlag")
_FIELD_KEYWORDS: Final = frozenset(
    (
        *("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "strict", "allow_inf_nan"),
        *("alias", "validation_alias", "discriminator", "description", "init", "init_var", "kw_only", "frozen"),
        *("coerce_numbers_to_str", "union_mode", "max_digits", "decimal_places"),
    )
)
_DATACLASS_KEYWORDS: Final = frozenset({"init", "kw_only", "repr", "compare", "hash"})
_VALIDATORS: Final = frozenset({"BeforeValidator", "AfterValidator", "WrapValidator", "PlainValidator"})


class ClassMaker(Protocol):
    """Returns the class for a class statement of the tree."""

    def class_for(self, source: ClassSource) -> type: ...


@final
class ComputedDefault:
    """Represents a default that only the library's code could compute."""


def computed() -> Any:
    """A factory with an unknown result; since it reads a name, nothing takes its result for a constant."""
    return ComputedDefault()


def _making(product: str) -> Callable[[], Any]:
    """The factory for an object of a class of the tree."""

    def factory() -> Any:
        return ComputedDefault()

    vars(factory)["product"] = product
    return factory


@final
class Types:
    """Evaluates annotations and values."""

    def __init__(self, reader: TreeReader, names: Names, maker: ClassMaker) -> None:
        self._reader = reader
        self.names = names
        self._maker = maker
        self._foreign: dict[str, type] = {}

    def annotation(self, module: str, node: ast.expr, scope: Scope = (), depth: int = 0) -> Any:
        """The annotation as a live object."""
        if depth > _DEEPEST:
            return Any
        match node:
            case ast.Constant(value=str(text)):
                return self.annotation(module, ast.parse(text.strip(), mode="eval").body, scope, depth + 1)
            case ast.Constant(value=value):
                return value
            case ast.Name() | ast.Attribute():
                return self._named(module, node, scope, depth)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                members = (self.annotation(module, one, scope, depth + 1) for one in (left, right))
                return typing.Union[tuple(members)]  # noqa: UP007 - the members are not known yet
            case ast.Subscript(value=base, slice=inside):
                return self._generic(module, base, inside, scope, depth)
            case ast.List(elts=elements):
                return [self.annotation(module, one, scope, depth + 1) for one in elements]
            case _:
                return Any

    def _named(self, module: str, node: ast.expr, scope: Scope, depth: int) -> Any:
        match self.names.locate(module, node, scope):
            case Outside() as outside:
                return self.outside(outside)
            case Here(owner, qualname, ast.ClassDef() as statement):
                made = self._maker.class_for(ClassSource(owner, qualname, statement))
                return Any if self._is_flag(owner, statement) else made
            case Here(owner, _, ast.Call() as call):
                return self._declared(owner, call, depth)
            case Here(owner, _, ast.expr() as alias):
                return self.annotation(owner, alias, (), depth + 1)
            case Package() | Here():
                return Any
        return self.foreign("", ast.unparse(node))

    def _declared(self, module: str, call: ast.Call, depth: int) -> Any:
        """`NewType("Id", str)`, `TypeVar("T", bound=…)`; any other call makes an unknown type."""
        match self.names.locate(module, call.func):
            case Outside(_, "NewType") if len(call.args) > 1:
                return self.annotation(module, call.args[1], (), depth + 1)
            case Outside(_, "TypeVar"):
                bounds = [one.value for one in call.keywords if one.arg == "bound"]
                return self.annotation(module, bounds[0], (), depth + 1) if bounds else Any
        return Any

    def _is_flag(self, module: str, statement: ast.ClassDef) -> bool:
        """Whether members combine: a flag accepts numbers that none of its members has."""
        bases = (self.names.locate(module, base) for base in statement.bases)
        return any(isinstance(base, Outside) and base.dotted in _FLAGS for base in bases)

    def outside(self, found: Outside) -> Any:
        live = found.live()
        if live is not None:
            return live
        if found.module.partition(".")[0] == self.names.package:  # the tree lacks it: nothing is known of what it takes
            return Any
        return self.foreign(found.module, found.name or found.module)

    def foreign(self, module: str, name: str) -> type:
        """An empty class in place of a missing one."""
        key = f"{module}.{name}"
        if key not in self._foreign:
            self._foreign[key] = type(name.rpartition(".")[2], (), {"__module__": module})
        return self._foreign[key]

    def _generic(self, module: str, base: ast.expr, inside: ast.expr, scope: Scope, depth: int) -> Any:
        origin = self.annotation(module, base, scope, depth + 1)
        if origin is Literal:
            return self._literal(module, inside, scope, depth)
        elements = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        if origin is Annotated:
            inner = self.annotation(module, elements[0], scope, depth + 1)
            metadata = [self._metadata(module, one, scope) for one in elements[1:]]
            known = [one for one in metadata if one is not None]
            return Annotated[(inner, *known)] if known else inner
        arguments = tuple(self.annotation(module, one, scope, depth + 1) for one in elements)
        try:
            return origin[arguments if len(arguments) > 1 else arguments[0]]
        except TypeError:  # a class that is no generic here, or one without such an argument
            return origin

    def _literal(self, module: str, inside: ast.expr, scope: Scope, depth: int) -> Any:
        members: list[Any] = []
        for element in inside.elts if isinstance(inside, ast.Tuple) else [inside]:
            value = self.value(module, element, scope)
            if value is not None:
                members.append(value.value)
            else:
                members.extend(typing.get_args(self.annotation(module, element, scope, depth + 1)))
        return Literal[tuple(members)] if members else Any

    def _metadata(self, module: str, node: ast.expr, scope: Scope) -> Any:
        """A constraint or validator inside `Annotated`; None for anything else."""
        if not isinstance(node, ast.Call):
            found = self.names.locate(module, node, scope)
            return found.live() if isinstance(found, Outside) else None
        if self.is_pydantic_field(module, node.func):
            return self.field(module, node, scope)
        found = self.names.locate(module, node.func, scope)
        live = found.live() if isinstance(found, Outside) else None
        if live is None or not isinstance(found, Outside):
            return None
        if found.name == "GetPydanticSchema":  # a schema made by code: nothing is known of what it accepts
            return Outside("pydantic", "PlainValidator").live()(passing("schema"))
        if found.name in _VALIDATORS:
            mode = "wrap" if found.name == "WrapValidator" else "after"
            return live(passing(ast.unparse(node.args[0]) if node.args else "validator", mode=mode))
        arguments = [self.value(module, one, scope) for one in node.args]
        keywords = {one.arg: self.value(module, one.value, scope) for one in node.keywords if one.arg}
        if any(one is None for one in (*arguments, *keywords.values())):
            return None
        return live(
            *(one.value for one in arguments if one is not None),
            **{name: one.value for name, one in keywords.items() if one is not None},
        )

    def value(self, module: str, node: ast.expr, scope: Scope = (), depth: int = 0) -> Value | None:
        """The value of a constant, including enum members; None if only running the code would tell."""

        def resolve(inner: ast.expr) -> Value | None:
            match self.names.locate(module, inner, scope) if depth < _DEEPEST else None:
                case Here(owner, qualname, ast.ClassDef() as statement):
                    cls = self._maker.class_for(ClassSource(owner, qualname, statement))
                    return Value(cls) if issubclass(cls, Enum) else None
                case Here(owner, _, ast.expr() as alias):
                    return self.value(owner, alias, (), depth + 1)
                case Outside() as outside if outside.module in ("builtins", "math", "sys"):
                    return Value(outside.live())
            return None

        if isinstance(node, ast.Attribute):
            member = resolve(node.value)
            if member is not None and hasattr(member.value, node.attr):
                return Value(getattr(member.value, node.attr))
            owner = self.names.locate(module, node.value, scope)
            if depth < _DEEPEST and isinstance(owner, Here) and isinstance(owner.node, ast.ClassDef):
                return self._default_of(ClassSource(owner.module, owner.qualname, owner.node), node.attr, depth + 1)
        return fold(node, resolve)

    def _default_of(self, cls: ClassSource, name: str, depth: int) -> Value | None:
        """The value of a class attribute: a constant, or the default of a declared field."""
        for owner in self._reader.mro(cls):
            for statement in owner.node.body:
                match statement:
                    case (
                        ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value)
                        | ast.Assign(targets=[ast.Name(id=target)], value=value)
                    ) if target == name:
                        return self.value(owner.module, _declared_default(value), (owner,), depth)
        return None

    def is_pydantic_field(self, module: str, function: ast.expr) -> bool:
        """`pydantic.Field`, or a function of the tree that passes its keywords on to it."""
        match self.names.locate(module, function):
            case Outside() as outside:
                return outside.dotted in _PYDANTIC_FIELD
            case Here(owner, _, ast.FunctionDef() as statement) if statement.args.kwarg is not None:
                returned = [one.value for one in ast.walk(statement) if isinstance(one, ast.Return)]
                return any(
                    isinstance(one, ast.Call)
                    and any(keyword.arg is None for keyword in one.keywords)
                    and self.is_pydantic_field(owner, one.func)
                    for one in returned
                )
        return False

    def default(self, module: str, node: ast.expr, scope: Scope) -> Any:
        """The right-hand side of a field: a declaration, a constant, or something that only running the code shows."""
        if isinstance(node, ast.Call):
            if self.is_pydantic_field(module, node.func):
                return self.field(module, node, scope)
            found = self.names.locate(module, node.func, scope)
            if isinstance(found, Outside) and found.dotted in _DATACLASS_FIELD:
                return self._dataclass_field(module, node, scope, found)
        known = self.value(module, node, scope)
        return ComputedDefault() if known is None else known.value

    def field(self, module: str, node: ast.Call, scope: Scope) -> Any:
        """A `Field(…)` as pydantic represents it."""
        pydantic = Outside("pydantic").live()
        arguments: dict[str, Any] = {}
        if node.args:
            arguments["default"] = self._default_argument(module, node.args[0], scope)
        for keyword in node.keywords:
            if keyword.arg == "default":
                arguments["default"] = self._default_argument(module, keyword.value, scope)
            elif keyword.arg == "default_factory":
                arguments["default_factory"] = self._factory(module, keyword.value, scope)
            elif keyword.arg in _FIELD_KEYWORDS:
                known = self.value(module, keyword.value, scope)
                given = self._metadata(module, keyword.value, scope) if known is None else known.value
                if given is not None:
                    arguments[keyword.arg] = given
        return pydantic.Field(**arguments)

    def _dataclass_field(self, module: str, node: ast.Call, scope: Scope, found: Outside) -> Any:
        arguments: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg == "default":
                arguments["default"] = self.default(module, keyword.value, scope)
            elif keyword.arg == "default_factory":
                arguments["default_factory"] = self._factory(module, keyword.value, scope)
            elif keyword.arg in _DATACLASS_KEYWORDS or (keyword.arg == "name" and found.module == "msgspec"):
                known = self.value(module, keyword.value, scope)
                if known is not None:
                    arguments[str(keyword.arg)] = known.value
        maker = dataclasses.field if found.module == "dataclasses" else found.live()
        return maker(**arguments)

    def _default_argument(self, module: str, node: ast.expr, scope: Scope) -> Any:
        known = self.value(module, node, scope)
        return ComputedDefault() if known is None else known.value

    def _factory(self, module: str, node: ast.expr, scope: Scope) -> Callable[[], Any]:
        if isinstance(node, ast.Lambda) and self.value(module, node.body, scope) is not None:
            if not any(isinstance(one, (ast.Name, ast.Attribute)) for one in ast.walk(node.body)):
                made: Callable[[], Any] = eval(compile(ast.Expression(node), "<default>", "eval"), {})
                return made
            return computed
        found = self.names.locate(module, node, scope)
        if isinstance(found, Outside) and found.module == "builtins":
            builtin: Callable[[], Any] = found.live()
            return builtin
        if isinstance(found, Here) and isinstance(found.node, ast.ClassDef):
            return _making(found.node.name)
        return computed


def _declared_default(node: ast.expr) -> ast.expr:
    """The default inside `Field(default=…)`, which becomes the class attribute of a dataclass."""
    if isinstance(node, ast.Call):
        return next((one.value for one in node.keywords if one.arg == "default"), node)
    return node


def passing(
    name: str,
    definition: ast.FunctionDef | ast.AsyncFunctionDef | None = None,
    *,
    mode: str = "after",
    bound: bool = False,
) -> Callable[..., Any]:
    """A validator with the given name that is never called, with the statement that it represents."""

    def plain(value: Any) -> Any:
        return value

    def wrapping(value: Any, handler: Any) -> Any:
        return value

    def method(owner: Any, value: Any) -> Any:
        return value

    def wrapping_method(owner: Any, value: Any, handler: Any) -> Any:
        return value

    wraps = mode == "wrap"
    function = (wrapping_method if wraps else method) if bound else (wrapping if wraps else plain)
    function.__name__ = name.rpartition(".")[2]
    function.__qualname__ = name
    vars(function)["definition"] = definition
    return function
