"""The classes that an engine's file allows a corpus to name, and how each is built, validated and started with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final, final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

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
    "examples",
    "claims",
)


@final
@dataclass(frozen=True, slots=True)
class Step:
    """A method called on the built object; with `returns`, its result replaces the object."""

    method: str
    kwargs: Mapping[str, Any]
    returns: bool = False
    taken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Arguments that are attributes of the object: of these the first that is not None; of none, that of `kwargs`."""
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The values of attributes of the object at which alone it is called."""
    then: tuple[Step, ...] = ()
    """Methods called on the result, of those that it has."""
    optional: bool = False
    """Whether only some versions have it."""


@final
@dataclass(frozen=True, slots=True)
class Call:
    """What an engine asks with the built object when it starts, before anything is loaded."""

    function: str
    """`module:name.name`."""
    arguments: tuple[str, ...] = ()
    """What it is asked about: dotted attributes of the built object, `name()` calls a method, `.` is the object."""
    when: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The values of context fields at which alone it is asked."""
    unless: tuple[str, ...] = ()
    """Attributes of the object with any of which it is not asked."""
    only: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The values of attributes of the object at which alone it is asked; of an enum their names."""
    within: str | None = None
    """`module:name` of what makes a context of the object, in which it is asked."""
    versions: SpecifierSet | None = None
    """The versions of the library that ask it; None for all."""
    given: tuple[str, ...] = ()
    """Facts of which some must be known, and not null, or it is not asked."""
    claims: tuple[Section, ...] = ()
    """What it may hang on: a `match`, `examples` of it and `why` it is given: each is proven like any other guess."""


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
    elsewhere: tuple[str, ...] = ()
    """Where other versions have the class; the first place that has it counts."""
    examples: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """Field → values that some version takes: without one, all that a type in its field looks like seems wrong."""
    claims: tuple[Section, ...] = ()
    """What its own checks may hang on, where what it hands on was not followed; as those of a call at the start."""

    @property
    def is_glob(self) -> bool:
        return "*" in self.name

    @property
    def module(self) -> str:
        return self.target.partition(":")[0]

    @property
    def class_name(self) -> str:
        return self.target.partition(":")[2]

    @property
    def targets(self) -> tuple[str, ...]:
        """Every place where a version may have the class, the usual one first."""
        return (self.target, *self.elsewhere)

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
    places = entry.texts("class") if isinstance(entry.data.get("class"), list) else (entry.text("class"),)
    for place in places:
        if not _TARGET.match(place):
            entry.fail(f"{place!r} does not name a class", "class", fix="write it like package.module:Class")
    if not places or (len(places) > 1 and any("*" in place for place in places)):
        entry.fail(
            "'class' names no class, or several families", "class", fix="name one family, or places of one class"
        )
    target, *elsewhere = places
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
        elsewhere=tuple(elsewhere),
        examples=_lists(entry, "examples"),
        claims=tuple(map(_claim, entry.parts("claims"))),
    )


def _probes(entry: Section) -> int | None:
    return entry.integer("probes", least=1) if "probes" in entry.data else None


def _steps(entry: Section, key: str) -> tuple[Step, ...]:
    steps = []
    for index, data in enumerate(entry.items(key)):
        step = entry.part(key, index, {"method": data} if isinstance(data, str) else data)
        step.only(("method", "kwargs", "returns", "taken", "when", "then", "optional"))
        method = step.text("method")
        if not method.isidentifier():
            step.fail(f"{method!r} is not the name of a method", "method", fix="name a method of the class")
        taken, when = (_lists(step, name) for name in ("taken", "when"))
        then = _steps(step, "then")
        optional = step.flag("optional")
        steps.append(Step(method, step.values("kwargs"), step.flag("returns"), taken, when, then, optional))
    return tuple(steps)


def _call(entry: Section) -> Call:
    entry.only(("call", "with", "when", "unless", "only", "within", "versions", "given", "claims"))
    return Call(
        _function(entry, "call"),
        entry.texts("with"),
        _lists(entry, "when"),
        entry.texts("unless"),
        _lists(entry, "only"),
        _function(entry, "within") if "within" in entry.data else None,
        specifier_of(entry, "versions") if "versions" in entry.data else None,
        entry.texts("given"),
        tuple(map(_claim, entry.parts("claims"))),
    )


def _claim(entry: Section) -> Section:
    entry.only(("match", "examples", "why"))
    entry.section("match")
    entry.text("why")
    if not entry.items("examples"):
        entry.missing("examples")
    return entry


def _function(entry: Section, key: str) -> str:
    function = entry.text(key)
    if not LANDMARK.match(function) or ":" not in function:
        entry.fail(f"{function!r} is not a function", key, fix="write it like package.module:name.method")
    return function


def specifier_of(section: Section, key: str) -> SpecifierSet:
    """The versions that a key names."""
    text = section.text(key)
    try:
        return SpecifierSet(text, prereleases=True)
    except InvalidSpecifier:
        section.fail(f"{key!r} is {text!r}, which is not a PEP 440 specifier", key, fix='write it like ">=5.0,<6"')


def _lists(entry: Section, key: str) -> dict[str, tuple[Any, ...]]:
    """A mapping of lists."""
    found = entry.values(key)
    for name, values in found.items():
        if not isinstance(values, list):
            entry.fail(f"{name!r} of {key!r} is {values!r}", key, name, fix="write a list of values")
    return {name: tuple(values) for name, values in found.items()}
