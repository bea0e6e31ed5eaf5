"""The facts of the project: rules, observations, cases. All are frozen dataclasses with derived properties only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

Kwargs = Mapping[str, Any]
EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Vocabulary(StrEnum):
    """An enum whose members are the words of the file format."""


class Severity(Vocabulary):
    """How severe it is to trigger a rule."""

    ERROR = "error"
    WARN = "warn"
    DORMANT = "dormant"


class Outcome(Vocabulary):
    """What the library does."""

    ERROR = "error"
    WARN = "warn"
    DORMANT_ANNOUNCED = "dormant_announced"
    DORMANT_SILENT = "dormant_silent"
    PASS = "pass"
    SKIPPED = "skipped"


class Channel(Vocabulary):
    """The channel on which the library reports it."""

    RUNTIME_EXCEPTION = "runtime_exception"
    WARNINGS_WARN = "warnings_warn"
    LOGGER_WARNING = "logger_warning"
    LOGGER_WARNING_ONCE = "logger_warning_once"
    MINOR_ISSUES_DICT = "minor_issues_dict"
    NONE = "none"


class AddedBy(Vocabulary):
    """Which producer found a rule."""

    STATIC_MINER = "static_miner"
    DYNAMIC_MINER = "dynamic_miner"
    PYDANTIC_LIFT = "pydantic_lift"
    MSGSPEC_LIFT = "msgspec_lift"
    DATACLASS_LIFT = "dataclass_lift"
    ENGINE_FILE = "engine_file"
    MANUAL_SEED = "manual_seed"
    RUNTIME_WARNING = "runtime_warning"
    OBSERVED_COLLISION = "observed_collision"
    LLM_ADVISORY = "llm_advisory"

    @property
    def is_lift(self) -> bool:
        """Whether it reads the declared types, not the code."""
        return self in (AddedBy.PYDANTIC_LIFT, AddedBy.MSGSPEC_LIFT, AddedBy.DATACLASS_LIFT)

    @property
    def is_by_hand(self) -> bool:
        """Whether a person wrote it: as a claim of the engine's file, with which it goes, or into the corpus itself."""
        return self in (AddedBy.ENGINE_FILE, AddedBy.MANUAL_SEED)


class Check(Vocabulary):
    """The checks of a rule, by their name in the node id."""

    POSITIVE_RAISES = "positive_raises"
    MESSAGE_TEMPLATE_MATCH = "message_template_match"
    NEGATIVE_DOES_NOT_RAISE = "negative_does_not_raise"
    PREDICATE_AGREES = "predicate_agrees"


CONTRACTS: Final = (Check.POSITIVE_RAISES, Check.MESSAGE_TEMPLATE_MATCH, Check.NEGATIVE_DOES_NOT_RAISE)


class CheckFailed(Vocabulary):
    """What a divergence says went wrong."""

    POSITIVE_RAISES = "positive_raises"
    MESSAGE_TEMPLATE_MATCH = "message_template_match"
    MESSAGE_TEMPLATE_TOO_DYNAMIC = "message_template_too_dynamic"
    NEGATIVE_DOES_NOT_RAISE = "negative_does_not_raise"
    PREDICATE_OVERBROAD = "predicate_overbroad"
    PREDICATE_UNDERBROAD = "predicate_underbroad"
    NONDETERMINISTIC = "nondeterministic"


class Certification(Vocabulary):
    """How fresh and how complete the evidence is."""

    FULL = "full"
    REUSED = "reused"
    PARTIAL = "partial"


class EnvironmentKind(Vocabulary):
    """Where a replay ran."""

    CONTAINER = "container"
    TOX = "tox"
    HOST = "host"
    SIMULATED = "simulated"

    @property
    def certifies(self) -> bool:
        """Whether it can be made again from what it is named after: nobody knows what a host has."""
        return self in (EnvironmentKind.CONTAINER, EnvironmentKind.TOX)


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value that YAML cannot hold: `{$type: <native_type name>, kwargs: {…}}`, built through the allowlist."""

    type: str
    kwargs: Kwargs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clause:
    """One operator with its right-hand side, in canonical spelling."""

    op: str
    rhs: Any


@dataclass(frozen=True, slots=True)
class Match:
    """When a rule triggers: every clause of every subject holds.

    A subject is a dotted field, or an expression over fields. `defaults` says which value the library
    uses for a field that is not given, so that a cross-field clause need not be told twice.
    """

    engine: str
    fields: Mapping[str, tuple[Clause, ...]]
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MinerSource:
    """The place in the library's source that enforces the rule."""

    path: str
    method: str
    line_at_scan: int

    @property
    def guard(self) -> str:
        return f"{self.path}:{self.line_at_scan}"


@dataclass(frozen=True, slots=True)
class ExpectedOutcome:
    """What the library is expected to do, and on which channel."""

    outcome: Outcome
    emission_channel: Channel
    normalised_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a corpus."""

    id: str
    engine: str
    library: str
    invariant_under_test: str
    severity: Severity
    native_type: str
    miner_source: MinerSource
    match: Match
    kwargs_positive: Kwargs
    kwargs_negative: Kwargs
    expected_outcome: ExpectedOutcome
    message_template: str | None
    references: tuple[str, ...]
    added_by: AddedBy
    added_at: str
    cross_validated_by: tuple[AddedBy, ...] = ()
    observed_messages: tuple[str, ...] = ()
    conflict_note: str | None = None
    walker_notes: str | None = None
    requires_gpu: bool = False
    hardware_dependent: bool = False
    world: Mapping[str, Any] = field(default_factory=dict)
    """The facts at which the examples are meant, as far as they are not the default ones."""
    world_negative: Mapping[str, Any] = field(default_factory=dict)
    """Those of the negative example, where these are others: of a rule that names nothing but facts."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys of a newer minor version, kept on a round trip."""


@dataclass(frozen=True)
class Reading:
    """How a fact is read from the files of a model."""

    keys: tuple[str, ...] = ()
    """Dotted keys of config.json: the first that is written, and not null, says it."""
    of: str = "text"
    """The part of config.json where these stand: the one that speaks of text, or the whole `config`."""
    unless: tuple[str, ...] = ()
    """Keys of which each, where it is written and says more than that nothing is changed, leaves the fact unknown."""
    unless_null: tuple[str, ...] = ()
    """Keys of which each, where it is written as null, leaves the fact unknown."""
    harmless: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Kinds of settings at keys of `unless` that leave the fact as it is: of one with keys they make it, multiplied."""
    lowered_by: tuple[str, ...] = ()
    """Other facts: where one is known and less, it counts."""
    file: str | None = None
    """The file whose being there the fact is."""
    table: str | None = None
    """The key of config.json that names, by itself or by the first of a list, what the version's table tells it of."""
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Keys of config.json, each with values: where a list at one has no others, what the table tells is unknown."""


@dataclass(frozen=True, slots=True)
class ContextField:
    """A fact outside the config that a verdict may depend on: the platform, an environment variable, a model's."""

    default: Any
    """The value under which examples run that ask for no other."""
    values: tuple[Any, ...]
    assumed: bool = True
    """Whether a config stands under the default where nothing is said of it; else the value is then unknown."""
    type: str | None = None
    """What it is, such as `int`; None where nothing is said."""
    reading: Reading | None = None
    """Of a fact about a model."""
    found: tuple[str, ...] = field(default=(), compare=False)
    """Where the library's own object of a model keeps it: the first of these paths that it has."""
    only_written: bool = field(default=False, compare=False)
    """Whether a type whose own config says nothing of it has no default: the library then has some value or other."""

    @property
    def is_fact(self) -> bool:
        """Whether it is one of a model or a device, of which there are endlessly many."""
        return self.type is not None


@dataclass(frozen=True, slots=True)
class Corpus:
    """A proposed corpus."""

    schema_version: str
    engine: str
    engine_version: str
    mined_at: str
    rules: tuple[Rule, ...]
    context: Mapping[str, ContextField] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Rule id → the line where the rule begins in the file it was read from."""
    path: str | None = field(default=None, compare=False)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObservedException:
    """What is recorded of an exception, without the object itself."""

    type: str
    message: str
    locations: tuple[str, ...] = ()
    """Dotted field locations, where the library gives them (pydantic, msgspec, a `parameter` attribute)."""
    raised_at: str | None = None
    """`path:line` of the innermost frame inside the library, relative to its package's parent."""
    bases: tuple[str, ...] = ()
    """Names of the exception's base classes, nearest first."""


@dataclass(frozen=True, slots=True)
class ObservedLog:
    """A log record of the library."""

    channel: Channel
    logger: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """A silent normalisation: what was asked for and what the object holds."""

    declared: Any
    observed: Any


@dataclass(frozen=True, slots=True)
class Observation:
    """What the live library did with one example."""

    exception: ObservedException | None = None
    warnings: tuple[str, ...] = ()
    logs: tuple[ObservedLog, ...] = ()
    minor_issues: Mapping[str, str] = field(default_factory=dict)
    normalisations: Mapping[str, Change] = field(default_factory=dict)
    skipped_reason: str | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        """Everything the library said, on whichever channel."""
        raised = () if self.exception is None else (self.exception.message,)
        return (*raised, *self.warnings, *(log.message for log in self.logs), *self.minor_issues.values())


@dataclass(frozen=True, slots=True)
class Divergence:
    """What a check expected and what it saw instead."""

    invariant_id: str
    check_failed: CheckFailed
    field: str | None
    expected: str
    observed: str

    @property
    def contradicts(self) -> bool:
        """Whether the rule is wrong. A rule that claims too little is not wrong."""
        return self.check_failed is not CheckFailed.PREDICATE_UNDERBROAD


@dataclass(frozen=True, slots=True)
class Soundness:
    """How often predicate and library agreed near the predicate's boundary."""

    probes: int
    agreed: int
    overbroad: tuple[Kwargs, ...] = ()
    underbroad: tuple[Kwargs, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A rule's entry in the validated file. A confirmation is None where the check did not apply or did not run."""

    id: str
    outcome: Outcome
    emission_channel: Channel
    observed_messages: tuple[str, ...] = ()
    observed_silent_normalisations: Mapping[str, Change] = field(default_factory=dict)
    observed_exception: ObservedException | None = None
    positive_confirmed: bool | None = None
    message_confirmed: bool | None = None
    negative_confirmed: bool | None = None
    soundness: Soundness | None = None
    certification: Certification = Certification.FULL
    environment_kind: EnvironmentKind | None = None
    """Set where this case was observed under another kind of environment than the file's (a simulated platform)."""
    skipped_reason: str | None = None
    fingerprint: str | None = None
    """Of the rule as it was replayed, so that a later run knows whether this evidence still speaks of it."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        return (
            self.positive_confirmed is True
            and self.negative_confirmed is True
            and self.message_confirmed is not False
            and self.skipped_reason is None
            and (self.soundness is None or not self.soundness.overbroad)
        )


@dataclass(frozen=True, slots=True)
class Environment:
    """What a replay ran on."""

    kind: EnvironmentKind
    image_ref: str | None
    python: str
    platform: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Validated:
    """A validated file."""

    schema_version: str
    engine: str
    engine_version: str
    validated_at: str
    corpus_sha256: str
    environment: Environment
    certification: Certification
    summary: Mapping[str, Any]
    cases: tuple[Case, ...]
    divergences: tuple[Divergence, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The rules that the library contradicted, complete, each with its divergences."""

    schema_version: str
    engine: str
    engine_version: str
    generated_at: str
    rules: tuple[tuple[Rule, tuple[Divergence, ...]], ...]
    context: Mapping[str, ContextField] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
