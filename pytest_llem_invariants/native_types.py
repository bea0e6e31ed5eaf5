"""The classes that an engine's file allows a corpus to name, and how each is built, validated and started with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final, final

from pytest_llem_invariants.text.strict import Section

LANDMARK: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*(?::\w+(?:\.\w+)*)?\Z")
"""`package.module`, `package.module:name` or `package.module:name.name`."""
_TARGET: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*:[\w*]+\Z")
_NATIVE_TYPE_KEYS: Final = (
    "class",
    "namespace",
    "base_kwargs",
    "other_kwargs",
    "build",
    "validate",
    "strict",
    "exclude",
    "probes",
    "startup",
    "facts",
)


@final
@dataclass(frozen=True, slots=True)
class Step:
    """A method called on the built object; with `returns`, its result replaces the object."""

    method: str
    kwargs: Mapping[str, Any]
    returns: bool = False


@final
@dataclass(frozen=True, slots=True)
class Call:
    """What an engine asks with the built object when it starts, before anything is loaded."""

    function: str
    """`module:name.name`."""
    arguments: tuple[str, ...] = ()
    """What it is asked about: dotted attributes of the built object."""
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The values of context fields at which alone it is asked."""


@final
@dataclass(frozen=True, slots=True)
class NativeType:
    """A class that a corpus may name, and how it is built and validated. With `*` in its name: a family of them."""

    name: str
    target: str
    """`module:Class`; the class of a family is a pattern over the module's public names."""
    namespace: str | None
    """The prefix that other producers put before this type's fields."""
    base_kwargs: Mapping[str, Any]
    build: tuple[Step, ...]
    validate: tuple[Step, ...]
    strict: tuple[Step, ...]
    exclude: tuple[str, ...] = ()
    """Class names that a family leaves out."""
    other_kwargs: tuple[Mapping[str, Any], ...] = ()
    """Base arguments of other kinds (other models): a rule that goes away beside any of them is none."""
    probes: int | None = None
    """How many questions mining may ask of a class that is slow to build; None where it is fast."""
    startup: tuple[Call, ...] = ()
    facts: tuple[str, ...] = ()
    """Names or patterns of the facts that decide about it beside those that its own module asks for."""

    @property
    def is_glob(self) -> bool:
        return "*" in self.name

    @property
    def module(self) -> str:
        return self.target.partition(":")[0]

    @property
    def class_name(self) -> str:
        return self.target.partition(":")[2]

    def matches(self, class_name: str) -> bool:
        """Whether the class of this name belongs to the family."""
        return (
            not class_name.startswith("_")
            and fnmatchcase(class_name, self.class_name)
            and not any(fnmatchcase(class_name, pattern) for pattern in self.exclude)
        )

    def member(self, class_name: str) -> NativeType:
        """The family's entry for one class."""
        return replace(
            self,
            name=self.name.replace("*", class_name),
            target=f"{self.module}:{class_name}",
            namespace=self.namespace.replace("*", class_name) if self.namespace else None,
            exclude=(),
        )


def native_types_of(section: Section) -> dict[str, NativeType]:
    """The classes by the names that a corpus has for them."""
    if not section.data:
        section.fail("'native_types' is empty", fix="allow at least one class")
    return {name: _native_type(section, name, data) for name, data in section.data.items()}


def _alternatives(entry: Section, key: str) -> tuple[Mapping[str, Any], ...]:
    """Several mappings, or one by itself."""
    if isinstance(entry.data.get(key), list):
        return tuple({name: part.value(value, name) for name, value in part.data.items()} for part in entry.parts(key))
    alone = entry.values(key)
    return (alone,) if alone else ()


def _native_type(section: Section, name: str, data: Any) -> NativeType:
    if isinstance(data, str):
        data = {"class": data}
    entry = section.part(name, data)
    entry.only(_NATIVE_TYPE_KEYS)
    target = entry.text("class")
    if not _TARGET.match(target):
        entry.fail(f"{target!r} does not name a class", "class", fix="write it like package.module:Class")
    if name.count("*") != (1 if "*" in target else 0):
        entry.fail(f"the name {name!r} does not fit the class {target!r}", fix="put one * into both, or into neither")
    return NativeType(
        name=name,
        target=target,
        namespace=entry.optional_text("namespace"),
        base_kwargs=entry.values("base_kwargs"),
        build=_steps(entry, "build"),
        validate=_steps(entry, "validate"),
        strict=_steps(entry, "strict"),
        exclude=entry.texts("exclude"),
        other_kwargs=_alternatives(entry, "other_kwargs"),
        probes=_probes(entry),
        startup=tuple(map(_call, entry.parts("startup"))),
        facts=entry.texts("facts"),
    )


def _probes(entry: Section) -> int | None:
    return entry.integer("probes", least=1) if "probes" in entry.data else None


def _steps(entry: Section, key: str) -> tuple[Step, ...]:
    steps = []
    for index, data in enumerate(entry.items(key)):
        step = entry.part(key, index, {"method": data} if isinstance(data, str) else data)
        step.only(("method", "kwargs", "returns"))
        method = step.text("method")
        if not method.isidentifier():
            step.fail(f"{method!r} is not the name of a method", "method", fix="name a method of the class")
        steps.append(Step(method, step.values("kwargs"), step.flag("returns")))
    return tuple(steps)


def _call(entry: Section) -> Call:
    entry.only(("call", "with", "when"))
    function = entry.text("call")
    if not LANDMARK.match(function) or ":" not in function:
        entry.fail(f"{function!r} is not a function", "call", fix="write it like package.module:name.method")
    when = entry.values("when")
    for name, values in when.items():
        if not isinstance(values, list):
            entry.fail(f"{name!r} is compared with {values!r}", "when", name, fix="write a list of values")
    return Call(function, entry.texts("with"), {name: tuple(values) for name, values in when.items()})
