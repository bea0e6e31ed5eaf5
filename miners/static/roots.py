"""Where the walk through a class starts: the code of its construction and validation, in execution order."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from miners.code.definitions import ClassSource, FunctionSource
from miners.code.imported import ImportedReader
from miners.code.readers import SourceReader
from miners.code.tree import TreeReader
from miners.static.context import ContextReads
from miners.static.effects import Effect
from miners.static.known import Known
from miners.static.state import State
from miners.static.trace import Trace
from miners.static.walk import Walk
from miners.surface.facts import ClassFacts, ClassKind
from miners.symbolic.terms import CallableTerm, ClassTerm, Const, Field, Given, Handler, Info, Instance, Term, Unknown

Reader = ImportedReader | TreeReader
_VALIDATING: Final = ("validate", "verify", "_validate", "_verify", "check_", "_check")


@final
@dataclass(frozen=True, slots=True)
class Walked:
    """The results of one class's walk."""

    facts: ClassFacts
    cls: ClassSource
    trace: Trace
    effects: tuple[Effect, ...]
    needs: Mapping[str, str]
    """Method → the argument that only a running engine could pass."""


@final
@dataclass(frozen=True, slots=True)
class _Validator:
    function: FunctionSource
    decorator: str
    mode: str
    fields: tuple[str, ...]


def walk(
    facts: ClassFacts,
    surface: Mapping[str, ClassFacts],
    reader: Reader,
    context: ContextReads,
    entries: Sequence[str] = (),
    *,
    tried: bool = True,
) -> Walked | None:
    """Walk all code that decides about one class; None if its source is unknown.

    If the result is `tried` on a library, methods named like a validation are walked too; else only those that surely
    run.
    """
    cls = reader.class_at(facts.target)
    if cls is None:
        return None
    walking = Walk(Known(facts, surface, reader, context))
    instance = Instance("", cls)
    state = State({}, {}, ())
    validators = tuple(_validators(reader, cls))
    if facts.kind.coerces:
        _before(walking, cls, validators, state)
    _construct(walking, cls, instance, state)
    if facts.kind.coerces:
        for validator in validators:
            if validator.decorator in ("model_validator", "root_validator") and validator.mode == "after":
                walking.invoke(CallableTerm(validator.function, instance, cls), [], {}, state)
    needs = _further(walking, cls, instance, state, entries, by_name=tried)
    return Walked(facts, cls, walking.trace, tuple(walking.trace.effects), needs)


def _construct(walking: Walk, cls: ClassSource, instance: Instance, state: State) -> None:
    facts, reader = walking.known.facts, walking.known.reader
    names = ("__init__",) if facts.kind is ClassKind.PLAIN else ("__init__", "__post_init__", "model_post_init")
    for name in names:
        found = reader.attribute(cls, name)
        if isinstance(found, FunctionSource):
            walking.invoke(CallableTerm(found, instance, cls), [], {"**": Given("")}, state)


def _before(walking: Walk, cls: ClassSource, validators: Sequence[_Validator], state: State) -> None:
    """The validators that receive the values before the object exists; of the "before" ones, the last runs first."""
    for validator in reversed(validators):
        if validator.decorator in ("model_validator", "root_validator") and validator.mode in ("before", "wrap"):
            extra: list[Term] = [Handler()] if validator.mode == "wrap" else []
            first = len(walking.trace.effects)
            is_bare = validator.mode == "before"
            data = Given("", is_bare)
            walking.invoke(CallableTerm(validator.function, ClassTerm(cls), cls), [data, *extra], {}, state)
            if is_bare:
                walking.trace.rewrite(first, lambda effect: replace(effect, of_given=True))
    for early in (True, False):
        for validator in reversed(validators) if early else validators:
            if validator.decorator not in ("field_validator", "validator"):
                continue
            if (validator.mode in ("before", "wrap", "plain")) is not early:
                continue
            names = tuple(walking.known.facts.fields) if "*" in validator.fields else validator.fields
            for name in names:
                _validate_field(walking, cls, validator, name, state)


def _validate_field(walking: Walk, cls: ClassSource, validator: _Validator, name: str, state: State) -> None:
    value = state.fields.get(name) or Field(name)
    parameters = [one.arg for one in validator.function.node.args.args][2:]
    extra: list[Term] = [Handler()] if validator.mode == "wrap" else []
    if len(parameters) > len(extra):
        extra.append(Given("") if validator.decorator == "validator" else Info(name))
    given: Term = ClassTerm(cls)
    if "staticmethod" in validator.function.decorators:
        given = value
        result = walking.invoke(CallableTerm(validator.function), [value, *extra], {}, state)
    else:
        result = walking.invoke(CallableTerm(validator.function, given, cls), [value, *extra], {}, state)
    if not (isinstance(result, Const) and result.value is None):
        state.fields[name] = value if isinstance(result, Unknown) and result.shape == "call too deep" else result


def _validators(reader: Reader, cls: ClassSource) -> Iterator[_Validator]:
    """In the order of definition, bases first; an override keeps its place."""
    functions = {function.name: function for _, function in reader.methods(cls)}
    own = [(base.qualname, one) for base in reversed(reader.mro(cls)) for _, one in reader.methods(base)]
    names = dict.fromkeys(one.name for owner, one in own if one.qualname == f"{owner}.{one.name}")
    for function in (functions[name] for name in names):
        for decorator in function.node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = _name(decorator)
            if name not in ("field_validator", "model_validator", "validator", "root_validator"):
                continue
            mode = "before" if name == "root_validator" else "after"
            for keyword in call.keywords if call else ():
                if keyword.arg == "mode" and isinstance(keyword.value, ast.Constant):
                    mode = str(keyword.value.value)
                if keyword.arg == "pre" and isinstance(keyword.value, ast.Constant):
                    mode = "before" if keyword.value.value else "after"
            fields = tuple(str(a.value) for a in (call.args if call else ()) if isinstance(a, ast.Constant))
            yield _Validator(function, name, mode, fields)


def _name(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _further(
    walking: Walk,
    cls: ClassSource,
    instance: Instance,
    state: State,
    entries: Sequence[str],
    *,
    by_name: bool,
) -> dict[str, str]:
    """Validation methods that construction did not reach, if they require no arguments."""
    needs: dict[str, str] = {}
    reader = walking.known.reader
    inner = _called_with_more(reader, cls)
    for owner, function in reader.methods(cls):
        module = reader.module(function.module)
        path = module.path if module is not None else function.module
        reached = (path, function.node.body[0].lineno) in walking.trace.visited
        required = required_arguments(function)
        if required and not reached:
            needs[function.qualname] = required[0]
        if function.name in inner and function.name not in entries and not reached and not required:
            needs[function.qualname] = inner[function.name]
            continue
        if reached or required or function.decorators & {"property", "cached_property", "classmethod", "staticmethod"}:
            continue
        if function.name in entries or (by_name and function.name.startswith(_VALIDATING)):
            first = len(walking.trace.effects)
            walking.invoke(CallableTerm(function, instance, owner if owner is cls else cls), [], {}, state)
            if function.name not in entries:
                walking.trace.rewrite(first, lambda effect: replace(effect, called=False))
    return needs


def _called_with_more(reader: SourceReader, cls: ClassSource) -> dict[str, str]:
    """Private methods that are only called by methods with required arguments, with such an argument."""
    found: dict[str, str] = {}
    for _, function in reader.methods(cls):
        required = required_arguments(function)
        if required:
            for call in ast.walk(function.node):
                match call:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name)) if name.startswith("_"):
                        found.setdefault(name, required[0])
    return found


def required_arguments(function: FunctionSource) -> list[str]:
    """The parameters without a default, except `self` or `cls`."""
    arguments = function.node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    optional = len(arguments.defaults)
    needed = positional[: len(positional) - optional]
    if "staticmethod" not in function.decorators:
        needed = needed[1:]
    keyword_only = [
        one.arg for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    return [*needed, *keyword_only]
