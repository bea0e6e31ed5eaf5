"""Rebuild classes of a source tree as skeletons: fields, bases, configuration and the names of their validators.

None of their code runs and nothing of the tree is imported. Yet pydantic, msgspec and dataclasses process them like the
real classes: so one reader and one lift serve both.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import types
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from miners.code.definitions import ClassSource
from miners.code.tree import TreeReader
from miners.surface.annotations import is_typed_dict
from miners.surface.source_names import Here, Names, Outside
from miners.surface.source_types import Types, passing
from pytest_llem_invariants.errors import EngineUnavailableError

_STDLIB: Final = "dataclasses.dataclass"
_PYDANTIC: Final = "pydantic.dataclasses.dataclass"
_DATACLASS_KEYWORDS: Final = frozenset({"init", "frozen", "kw_only", "slots", "order", "eq", "repr"})
_STRUCT_KEYWORDS: Final = frozenset({"kw_only", "frozen", "forbid_unknown_fields", "rename", "tag", "tag_field"})


@final
@dataclass(frozen=True, slots=True)
class _Decoration:
    """The decorators that make a class a dataclass."""

    maker: str
    keywords: Mapping[str, Any]
    config: Mapping[str, Any]


@final
class Skeletons:
    """The classes of one package of a tree, each built once."""

    def __init__(self, reader: TreeReader, package: str) -> None:
        self.reader = reader
        self.names = Names(reader, package)
        self.types = Types(reader, self.names, self)
        self.failed: dict[str, str] = {}
        """`module:Class` → why its skeleton could not be built."""
        self._built: dict[tuple[str, str], type] = {}
        self._under_way: set[tuple[str, str]] = set()

    def source_of(self, target: str) -> ClassSource | None:
        """The class statement behind `module:Class`, through re-exports."""
        module, _, qualname = target.partition(":")
        found = self.names.global_name(module, qualname)
        if isinstance(found, Here) and isinstance(found.node, ast.ClassDef):
            return ClassSource(found.module, found.qualname, found.node)
        return None

    def class_at(self, target: str) -> type | None:
        """The skeleton behind `module:Class`."""
        source = self.source_of(target)
        return None if source is None else self.class_for(source)

    def lacks_type(self, target: str, name: str) -> bool:
        """Whether a field's annotation names a class that is undefined, or one that the tree lacks."""
        source = self.source_of(target)
        for owner in () if source is None else self.reader.mro(source):
            for one in owner.node.body:
                if isinstance(one, ast.AnnAssign) and ast.unparse(one.target) == name:
                    return any(self._is_lacking(owner.module, named) for named in _names_in(one.annotation))
        return True

    def _is_lacking(self, module: str, name: ast.Name | ast.Attribute) -> bool:
        found = self.names.locate(module, name)
        return isinstance(found, Outside) and found.module.partition(".")[0] == self.names.package

    def class_for(self, source: ClassSource) -> type:
        key = (source.module, source.qualname)
        if key in self._under_way:  # a class that refers to itself
            return self.types.foreign(source.module, source.qualname)
        if key not in self._built:
            self._under_way.add(key)
            try:
                self._built[key] = self._make(source)
            finally:
                self._under_way.discard(key)
        return self._built[key]

    def writes_constructor(self, source: ClassSource) -> bool:
        """Whether the class has its own `__init__`, which a dataclass decorator would keep."""
        return any(isinstance(one, ast.FunctionDef) and one.name == "__init__" for one in source.node.body)

    def _make(self, source: ClassSource) -> type:
        known = self.reader.enum_of(source)
        if known is not None:
            return self._enumeration(source, known)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self._build(source)
        except EngineUnavailableError:
            raise
        except Exception as error:  # pydantic and dataclasses reject what they do not understand in many ways
            self.failed[f"{source.module}:{source.qualname}"] = f"{type(error).__name__}: {error}".splitlines()[0]
            return self.types.foreign(source.module, source.qualname)

    def _enumeration(self, source: ClassSource, known: type[enum.Enum]) -> type:
        statements = (one for owner in self.reader.mro(source) for one in owner.node.body)
        if any(isinstance(one, ast.FunctionDef) and one.name == "_missing_" for one in statements):
            type.__setattr__(known, "_missing_", classmethod(lambda cls, value: None))
        return known

    def _build(self, source: ClassSource) -> type:
        bases = self._bases(source)
        above = tuple(base for base in bases if is_typed_dict(base)) or (self._typed_dict_base(source),)
        if above != (None,):
            return self._typed_dict(source, above)
        decoration = self._decoration(source)
        if decoration is not None:
            return self._dataclass(source, bases, decoration)
        pydantic, msgspec = Outside("pydantic", "BaseModel").live(), Outside("msgspec", "Struct").live()
        if pydantic is not None and any(issubclass(base, pydantic) for base in bases):
            return self._model(source, bases)
        if msgspec is not None and any(issubclass(base, msgspec) for base in bases):
            return self._struct(source, bases)
        body = self._identity(source) | _own_schema(source)
        if self.writes_constructor(source):  # else a dataclass among the bases would answer for this class
            body["__init__"] = _own_constructor
        return type(source.name, bases, body)

    def _bases(self, source: ClassSource) -> tuple[type, ...]:
        found: list[type] = []
        for node in source.node.bases:
            base = node.value if isinstance(node, ast.Subscript) else node
            match self.names.locate(source.module, base):
                case Here(module, qualname, ast.ClassDef() as statement):
                    found.append(self.class_for(ClassSource(module, qualname, statement)))
                case Outside(module) as outside if module.partition(".")[0] in ("pydantic", "msgspec"):
                    live = _needed(outside)
                    if isinstance(live, type):
                        found.append(live)
        return tuple(dict.fromkeys(found)) or (object,)

    def _typed_dict_base(self, source: ClassSource) -> Any:
        """`TypedDict` itself if the class derives from it."""
        for node in source.node.bases:
            found = self.names.locate(source.module, node)
            if isinstance(found, Outside) and found.name == "TypedDict":
                return found.live()
        return None

    def _typed_dict(self, source: ClassSource, bases: tuple[Any, ...]) -> type:
        totals = (keyword.value for keyword in source.node.keywords if keyword.arg == "total")
        is_total = all(not (isinstance(one, ast.Constant) and one.value is False) for one in totals)
        body = self._identity(source) | self._fields(source, private=True)
        return types.new_class(source.name, bases, {"total": is_total}, lambda namespace: namespace.update(body))

    def _decoration(self, source: ClassSource) -> _Decoration | None:
        for node in source.node.decorator_list:
            function = node.func if isinstance(node, ast.Call) else node
            made = self._made_by(source.module, function)
            if made is None:
                continue
            keywords, config = {}, dict(made.config)
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                if keyword.arg == "config":
                    config |= self._config(source, keyword.value)
                elif keyword.arg in _DATACLASS_KEYWORDS:
                    known = self.types.value(source.module, keyword.value)
                    if known is not None:
                        keywords[keyword.arg] = known.value
            return _Decoration(made.maker, {**made.keywords, **keywords}, config)
        return None

    def _made_by(self, module: str, function: ast.expr, depth: int = 0) -> _Decoration | None:
        """The dataclass decorator behind a name: itself, or a function of the tree that applies it."""
        match self.names.locate(module, function):
            case Outside() as outside if outside.dotted in (_STDLIB, _PYDANTIC):
                return _Decoration(outside.dotted, {}, {})
            case Here(owner, qualname, ast.FunctionDef() as statement) if depth < 3:
                inner = ClassSource(owner, qualname, ast.ClassDef(qualname, [], [], [], []))
                calls = [one for one in ast.walk(statement) if isinstance(one, ast.Call)]
                for call in calls:
                    made = self._made_by(owner, call.func, depth + 1) if isinstance(call.func, ast.Name) else None
                    if made is not None:
                        configs = [one for one in calls if self._is_config(owner, one)]
                        merged = dict(made.config)
                        for one in configs:
                            merged |= self._config(inner, one)
                        return _Decoration(made.maker, made.keywords, merged)
        return None

    def _is_config(self, module: str, call: ast.Call) -> bool:
        found = self.names.locate(module, call.func)
        return isinstance(found, Outside) and found.name == "ConfigDict"

    def _config(self, source: ClassSource, node: ast.expr) -> dict[str, Any]:
        """The constants of a `ConfigDict(…)` or a dict."""
        pairs: list[tuple[str, ast.expr]] = []
        match node:
            case ast.Call(keywords=keywords):
                pairs = [(one.arg, one.value) for one in keywords if one.arg]
            case ast.Dict(keys=keys, values=values):
                pairs = [
                    (str(key.value), value)
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant)
                ]
            case ast.Name():
                found = self.names.locate(source.module, node)
                if isinstance(found, Here) and isinstance(found.node, ast.expr):
                    return self._config(ClassSource(found.module, source.qualname, source.node), found.node)
        known = {name: self.types.value(source.module, value) for name, value in pairs}
        return {name: value.value for name, value in known.items() if value is not None}

    def _dataclass(self, source: ClassSource, bases: tuple[type, ...], decoration: _Decoration) -> type:
        body = self._identity(source) | self._fields(source, private=True)
        if decoration.maker == _STDLIB:
            if self.writes_constructor(source):
                return type(source.name, bases, self._identity(source) | {"__init__": _own_constructor})
            # "slots" would create the class again and lose nothing that matters here
            keywords = {name: value for name, value in decoration.keywords.items() if name != "slots"}
            return dataclasses.dataclass(**keywords)(type(source.name, bases, body))
        maker = _needed(Outside("pydantic.dataclasses", "dataclass"))
        body |= dict(self._validators(source))
        config = {**decoration.config, "arbitrary_types_allowed": True}
        made: type = maker(type(source.name, bases, body), config=config, **decoration.keywords)
        return made

    def _model(self, source: ClassSource, bases: tuple[type, ...]) -> type:
        config: dict[str, Any] = {}
        for statement in source.node.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id="model_config")], value=value)
                    | ast.AnnAssign(target=ast.Name(id="model_config"), value=ast.expr() as value)
                ):
                    config |= self._config(source, value)
                case ast.ClassDef(name="Config"):
                    for one in statement.body:
                        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                            known = self.types.value(source.module, one.value)
                            if known is not None:
                                config[one.targets[0].id] = known.value
        for keyword in source.node.keywords:
            known = self.types.value(source.module, keyword.value)
            if keyword.arg and keyword.arg != "metaclass" and known is not None:
                config[keyword.arg] = known.value
        body = self._identity(source) | self._fields(source, private=False) | dict(self._validators(source))
        body["model_config"] = {**config, "arbitrary_types_allowed": True, "protected_namespaces": ()}
        metaclass = type(bases[0]) if bases[0] is not object else type(bases[-1])
        made: type = metaclass(source.name, bases, body)
        return made

    def _struct(self, source: ClassSource, bases: tuple[type, ...]) -> type:
        keywords = {}
        for keyword in source.node.keywords:
            known = self.types.value(source.module, keyword.value)
            if keyword.arg in _STRUCT_KEYWORDS and known is not None:
                keywords[keyword.arg] = known.value
        struct = next(base for base in bases if type(base) is not type)
        made: type = type(struct)(source.name, bases, self._identity(source) | self._fields(source, True), **keywords)
        return made

    def _identity(self, source: ClassSource) -> dict[str, Any]:
        return {"__module__": source.module, "__qualname__": source.qualname}

    def _fields(self, source: ClassSource, private: bool) -> dict[str, Any]:
        annotations: dict[str, Any] = {}
        body: dict[str, Any] = {"__annotations__": annotations}
        scope = (source,)
        for statement in source.node.body:
            if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
                continue
            name = statement.target.id
            if not private and (name == "model_config" or name.startswith("_")):
                continue
            annotations[name] = self.types.annotation(source.module, statement.annotation, scope)
            if statement.value is not None:
                body[name] = self.types.default(source.module, statement.value, scope)
        return body

    def _validators(self, source: ClassSource) -> Iterator[tuple[str, Any]]:
        """Pydantic validators by name and mode: they decide how far the types can be trusted."""
        for statement in source.node.body:
            if not isinstance(statement, ast.FunctionDef):
                continue
            for node in statement.decorator_list:
                call = node if isinstance(node, ast.Call) else None
                found = self.names.locate(source.module, node if call is None else call.func)
                if not isinstance(found, Outside) or found.module.partition(".")[0] != "pydantic":
                    continue
                made = self._validator(source, statement, found.name, call)
                if made is not None:
                    yield statement.name, made

    def _validator(self, source: ClassSource, statement: ast.FunctionDef, kind: str, call: ast.Call | None) -> Any:
        mode = "after"
        for keyword in call.keywords if call else ():
            if keyword.arg == "mode" and isinstance(keyword.value, ast.Constant):
                mode = str(keyword.value.value)
        qualname = f"{source.qualname}.{statement.name}"
        if kind == "field_validator" and call is not None:
            known = (self.types.value(source.module, one) for one in call.args)
            names = [value.value for value in known if value is not None]
            function = classmethod(passing(qualname, statement, mode=mode, bound=True))
            return Outside("pydantic", kind).live()(*names, mode=mode, check_fields=False)(function) if names else None
        if kind == "model_validator":
            if mode == "after":
                return Outside("pydantic", kind).live()(mode=mode)(passing(qualname, statement))
            return Outside("pydantic", kind).live()(mode=mode)(
                classmethod(passing(qualname, statement, mode=mode, bound=True))
            )
        return None


def _needed(found: Outside) -> Any:
    """The reader for the classes of a tree, whether or not the tree's library is installed."""
    live = found.live()
    if live is None:
        package = found.module.partition(".")[0]
        raise EngineUnavailableError(
            f"{package} is not installed here, and classes that are built on it are read by {package} itself — "
            f"pip install {package}"
        )
    return live


def _names_in(annotation: ast.expr) -> Iterator[ast.Name | ast.Attribute]:
    """The names in an annotation, including those inside its strings."""
    for one in ast.walk(annotation):
        if isinstance(one, (ast.Name, ast.Attribute)):
            yield one
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.replace(".", "").isidentifier():
            yield from _names_in(ast.parse(one.value, mode="eval").body)


def skeletons_of(root: Path, package: str) -> Skeletons:
    """The classes of a package in a source tree or a wheel."""
    return Skeletons(TreeReader(root, package), package)


def _own_constructor(self: object, *arguments: object, **keywords: object) -> None:
    """Represents a handwritten `__init__`: its arguments are read from its statement, its code never runs."""


def _own_schema(source: ClassSource) -> dict[str, Any]:
    """A class that tells pydantic by code what it accepts: its schema is unknown."""
    written = any(
        isinstance(one, ast.FunctionDef) and one.name == "__get_pydantic_core_schema__" for one in source.node.body
    )
    if not written:
        return {}
    return {"__get_pydantic_core_schema__": classmethod(lambda cls, *rest: {"type": "any"})}
