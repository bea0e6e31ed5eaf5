"""The facts of a class by import: its keyword arguments, whatever kind of class it is."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import InitVar, replace
from enum import Enum
from typing import Any, Final

from miners.surface import modules
from miners.surface.annotations import constraints, plain_value, read_annotation
from miners.surface.constructors import keyword_use
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from miners.surface.types import (
    UNTYPED,
    TypeExpr,
    UnknownType,
    bounded,
    bounds_of,
    element_names,
    literal_values,
    nullable,
    render,
    type_names,
)
from pytest_llem_invariants.engines.words import real_words
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.model import EMPTY, Kwargs

_SAFE_FACTORIES: Final = (list, dict, set, frozenset, tuple)
_PLAIN: Final = (type(None), bool, int, float, str, bytes)


def class_facts(
    cls: type, native_type: str, *, base_kwargs: Kwargs = EMPTY, whole: Mapping[str, tuple[Any, ...]] = EMPTY
) -> ClassFacts:
    """The facts of one class, whoever enforces its annotations. `whole` are examples of fields of several parts."""
    kind = kind_of(cls)
    fields, accepts_extra = _READERS[kind](cls)
    words = real_words(cls)
    node = modules.class_node(cls)
    return ClassFacts(
        native_type=native_type,
        target=f"{cls.__module__}:{cls.__qualname__}",
        kind=kind,
        fields={
            name: replace(one, words=words.get(name, ()), whole=whole.get(name, ()))
            if name in words or name in whole
            else one
            for name, one in fields.items()
        },
        path=modules.relative_path(cls.__module__),
        line=0 if node is None else node.lineno,
        base_kwargs=dict(base_kwargs),
        accepts_extra=accepts_extra,
    )


def kind_of(cls: type) -> ClassKind:
    if hasattr(cls, "__pydantic_fields__") and hasattr(cls, "__pydantic_validator__"):
        return ClassKind.PYDANTIC_DATACLASS if dataclasses.is_dataclass(cls) else ClassKind.PYDANTIC_MODEL
    if hasattr(cls, "__struct_fields__"):
        return ClassKind.MSGSPEC
    if dataclasses.is_dataclass(cls) and not _writes_its_own_constructor(cls):
        return ClassKind.DATACLASS
    return ClassKind.PLAIN


def _writes_its_own_constructor(cls: type) -> bool:
    """Whether the class defines its own `__init__`, which a dataclass decorator keeps: its fields are no arguments."""
    code = getattr(_constructor(cls), "__code__", None)
    return code is not None and code.co_filename != "<string>"


def _constructor(cls: type) -> Any:
    return inspect.getattr_static(cls, "__init__")


def annotations_of(cls: type) -> dict[str, Any]:
    """The annotations of a class and its bases, evaluated one by one, so that one bad name costs one field only."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        namespace = vars(sys.modules.get(base.__module__, sys))
        for name, annotation in vars(base).get("__annotations__", {}).items():
            found[name] = _evaluated(annotation, namespace, dict(vars(base)))
    return found


def _evaluated(annotation: Any, namespace: dict[str, Any], local: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return _resolved(annotation, namespace)
    try:
        return _resolved(eval(annotation, namespace, local), namespace)
    except Exception:  # a name for type checkers only, or an operator that the running Python lacks
        return annotation


def _resolved(annotation: Any, namespace: dict[str, Any]) -> Any:
    """Forward references inside a generic, evaluated where possible."""
    if isinstance(annotation, InitVar):
        return annotation
    holder = type("Holder", (), {"__annotations__": {"x": annotation}})
    try:
        return typing.get_type_hints(holder, namespace, include_extras=True)["x"]
    except Exception:  # see above
        return annotation


def fact(
    name: str,
    type_: TypeExpr,
    *,
    default: Any = MISSING,
    required: bool = False,
    init: bool = True,
    init_only: bool = False,
    alias: str | None = None,
    aliases: tuple[str, ...] = (),
    line: int = 0,
) -> FieldFact:
    """A field's fact, with everything that follows from its type."""
    return FieldFact(
        name=name,
        annotation=render(type_),
        types=type_names(type_),
        element_types=element_names(type_),
        nullable=nullable(type_) or isinstance(type_, UnknownType),
        literals=literal_values(type_),
        default=default,
        required=required,
        init=init,
        init_only=init_only,
        bounds=bounds_of(type_),
        line=line,
        alias=alias,
        aliases=aliases,
        type=type_,
    )


def plain_default(value: Any) -> Any:
    """A default as a config file contains it; MISSING for an object."""
    value = plain_value(value)
    if isinstance(value, _PLAIN) and not isinstance(value, Enum):
        return value
    if isinstance(value, (list, tuple, set, frozenset)) and all(plain_default(item) is not MISSING for item in value):
        return type(value)(plain_default(item) for item in value)
    if isinstance(value, dict) and all(
        isinstance(key, _PLAIN) and plain_default(item) is not MISSING for key, item in value.items()
    ):
        return {key: plain_default(item) for key, item in value.items()}
    return MISSING


def factory_default(factory: Callable[..., Any]) -> Any:
    """The value of a factory that always makes the same: a builtin collection or an expression without names."""
    if factory in _SAFE_FACTORIES:
        return factory()
    code = getattr(factory, "__code__", None)
    if code is None or code.co_names or code.co_freevars or code.co_argcount:
        return MISSING
    return plain_default(factory())


def _pydantic_model(cls: type) -> tuple[Mapping[str, FieldFact], bool]:
    lines = modules.field_lines(cls)
    config: Mapping[str, Any] = getattr(cls, "model_config", {})
    fields = {
        name: _of_field_info(name, info, lines.get(name, 0), config)
        for name, info in cls.__pydantic_fields__.items()  # type: ignore[attr-defined]
    }
    return fields, config.get("extra", "ignore") != "forbid"


def _pydantic_dataclass(cls: type) -> tuple[Mapping[str, FieldFact], bool]:
    lines = modules.field_lines(cls)
    config: Mapping[str, Any] = getattr(cls, "__pydantic_config__", {})
    infos = cls.__pydantic_fields__  # type: ignore[attr-defined]
    hints = annotations_of(cls)
    fields: dict[str, FieldFact] = {}
    for name, field in _dataclass_fields(cls).items():
        if name in infos:
            fields[name] = _of_field_info(name, infos[name], lines.get(name, 0), config, field)
        else:
            fields[name] = _of_dataclass_field(field, hints.get(name, field.type), lines.get(name, 0))
    return fields, config.get("extra", "ignore") != "forbid"


def _of_field_info(
    name: str, info: Any, line: int, config: Mapping[str, Any], field: dataclasses.Field[Any] | None = None
) -> FieldFact:
    type_ = bounded(read_annotation(info.annotation), constraints(info.metadata))
    alias = info.validation_alias if isinstance(info.validation_alias, str) else None
    choices = [one for one in getattr(info.validation_alias, "choices", ()) if isinstance(one, str)]
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    default = MISSING if info.is_required() else plain_default(info.default)
    if info.default_factory is not None:
        default = factory_default(info.default_factory)
    return fact(
        name,
        type_,
        default=default,
        required=info.is_required(),
        init=field is None or (field.init and info.init is not False),  # a model takes what only a dataclass leaves out
        init_only=bool(info.init_var),
        alias=None if by_name else alias,
        aliases=tuple(one for one in choices if one != name),
        line=line,
    )


def _dataclass_fields(cls: type) -> dict[str, dataclasses.Field[Any]]:
    """Every field and InitVar; `dataclasses.fields` omits the InitVars."""
    found: dict[str, dataclasses.Field[Any]] = getattr(cls, "__dataclass_fields__", {})
    return {name: field for name, field in found.items() if _field_kind(field) != "_FIELD_CLASSVAR"}


def _field_kind(field: dataclasses.Field[Any]) -> str:
    return str(getattr(field, "_field_type", None))


def _of_dataclass_field(field: dataclasses.Field[Any], hint: Any, line: int) -> FieldFact:
    no_default = field.default is dataclasses.MISSING
    if field.default_factory is not dataclasses.MISSING:
        default = factory_default(field.default_factory)
    else:
        default = MISSING if no_default else plain_default(field.default)
    return fact(
        field.name,
        read_annotation(hint),
        default=default,
        required=no_default and field.default_factory is dataclasses.MISSING and field.init,
        init=field.init,
        init_only=_field_kind(field) == "_FIELD_INITVAR",
        line=line,
    )


def _stdlib_dataclass(cls: type) -> tuple[Mapping[str, FieldFact], bool]:
    lines = modules.field_lines(cls)
    hints = annotations_of(cls)
    fields = {
        name: _of_dataclass_field(field, hints.get(name, field.type), lines.get(name, 0))
        for name, field in _dataclass_fields(cls).items()
    }
    return fields, False


def _msgspec_struct(cls: type) -> tuple[Mapping[str, FieldFact], bool]:
    msgspec = importlib.import_module("msgspec")
    lines = modules.field_lines(cls)
    hints = annotations_of(cls)
    fields: dict[str, FieldFact] = {}
    for field in msgspec.structs.fields(cls):
        if field.default_factory is not msgspec.NODEFAULT:
            default = factory_default(field.default_factory)
        else:
            default = MISSING if field.required else plain_default(field.default)
        fields[field.name] = fact(
            field.name,
            read_annotation(hints.get(field.name, field.type)),
            default=default,
            required=field.required,
            line=lines.get(field.name, 0),
        )
    return fields, False


def _plain_class(cls: type) -> tuple[Mapping[str, FieldFact], bool]:
    """The signature of `__init__`, the names it reads from `**kwargs`, and the arguments of the base behind it."""
    found = modules.method_node(cls, "__init__")
    owner, node = (cls, None) if found is None else found
    try:
        parameters = list(inspect.signature(_constructor(cls)).parameters.values())[1:]
    except (TypeError, ValueError):  # a constructor written in C without a signature
        return {}, True
    hints = _hints_of(_constructor(cls))
    lines = {} if node is None else {argument.arg: argument.lineno for argument in _arguments(node)}
    fields = {
        parameter.name: _of_parameter(parameter, hints.get(parameter.name), lines.get(parameter.name, 0))
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    accepts_extra = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    use = None if node is None else keyword_use(node)
    if use is not None:
        for read in use.reads:
            if not read.name.startswith("_"):
                fields.setdefault(
                    read.name, fact(read.name, UNTYPED, default=read.default, required=read.required, line=read.line)
                )
        base = _next_base(cls, owner)
        if use.forwarded and base is not None:
            inherited, accepts_extra = _READERS[kind_of(base)](base)
            fields = {**fields, **{name: one for name, one in inherited.items() if name not in fields}}
    return fields, accepts_extra


def _hints_of(function: Any) -> dict[str, Any]:
    namespace = getattr(function, "__globals__", {})
    annotations = getattr(function, "__annotations__", {})
    return {name: _evaluated(annotation, namespace, {}) for name, annotation in annotations.items()}


def _arguments(node: Any) -> list[Any]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _of_parameter(parameter: inspect.Parameter, hint: Any, line: int) -> FieldFact:
    required = parameter.default is parameter.empty
    return fact(
        parameter.name,
        UNTYPED if hint is None else read_annotation(hint),
        default=MISSING if required else plain_default(parameter.default),
        required=required,
        line=line,
    )


def _next_base(cls: type, owner: type) -> type | None:
    """The class whose `__init__` a call of `super().__init__` in `owner` reaches, for an instance of `cls`."""
    after = cls.__mro__[cls.__mro__.index(owner) + 1 :]
    return next((base for base in after if base is not object and "__init__" in vars(base)), None)


_READERS: Final[Mapping[ClassKind, Callable[[type], tuple[Mapping[str, FieldFact], bool]]]] = {
    ClassKind.PYDANTIC_MODEL: _pydantic_model,
    ClassKind.PYDANTIC_DATACLASS: _pydantic_dataclass,
    ClassKind.MSGSPEC: _msgspec_struct,
    ClassKind.DATACLASS: _stdlib_dataclass,
    ClassKind.PLAIN: _plain_class,
}
