"""Rules and values as hypothesis draws them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
    Case,
    Certification,
    Change,
    Channel,
    CheckFailed,
    Clause,
    ContextField,
    Corpus,
    Divergence,
    Environment,
    EnvironmentKind,
    ExpectedOutcome,
    Match,
    MinerSource,
    ObservedException,
    Outcome,
    Quarantine,
    Reading,
    Rule,
    Severity,
    Soundness,
    TypedValue,
    Validated,
)

NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta_size"])
TEXT = st.text(max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(allow_nan=False),
    TEXT,
    st.sampled_from(
        ["null", "true", "~", "1", "1e5", "0x10", "2026-11-21", "", " x", "a: b", "- x", "@", "\u2028", "é"]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(min_size=1, max_size=6).filter(lambda key: not key.startswith("$")), inner, max_size=3),
    ),
    max_leaves=6,
)
NUMBERS = st.one_of(st.integers(), st.floats(), st.booleans())
ANY_VALUE = st.one_of(
    VALUES, NUMBERS, st.just(math.nan), st.binary(max_size=4), st.tuples(SCALARS), st.sets(st.integers(), max_size=3)
)


def _clauses() -> st.SearchStrategy[Clause]:
    plain = TEXT.filter(lambda text: not text.startswith("@"))
    literal = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), plain)
    ordered = st.one_of(st.integers(), st.floats(allow_nan=False), plain)
    return st.one_of(
        st.builds(Clause, st.sampled_from(["==", "!="]), literal),
        st.builds(Clause, st.sampled_from(["<", "<=", ">", ">="]), ordered),
        st.builds(Clause, st.sampled_from(["in", "not_in"]), st.lists(literal, min_size=1, max_size=4)),
        st.builds(Clause, st.sampled_from(["present", "absent"]), st.booleans()),
        st.builds(
            Clause, st.sampled_from(["type_is", "type_is_not"]), st.lists(st.sampled_from(["int", "str"]), min_size=1)
        ),
        st.builds(Clause, st.sampled_from(["divisible_by", "not_divisible_by"]), st.integers(min_value=1)),
        st.builds(Clause, st.sampled_from(["min_len", "max_len"]), st.integers(min_value=0, max_value=9)),
        st.builds(Clause, st.sampled_from(["truthy", "falsy"]), st.just(True)),
        st.builds(Clause, st.sampled_from(["matches", "not_matches"]), st.sampled_from(["^a", "[0-9]$", "x|y"])),
    )


CLAUSES = _clauses()
OUTCOMES = st.sampled_from(
    [
        (Severity.ERROR, ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)),
        (Severity.WARN, ExpectedOutcome(Outcome.WARN, Channel.WARNINGS_WARN)),
        (Severity.WARN, ExpectedOutcome(Outcome.WARN, Channel.LOGGER_WARNING_ONCE)),
        (Severity.DORMANT, ExpectedOutcome(Outcome.DORMANT_ANNOUNCED, Channel.MINOR_ISSUES_DICT)),
        (Severity.DORMANT, ExpectedOutcome(Outcome.DORMANT_SILENT, Channel.NONE, ("alpha",))),
    ]
)


CONTEXTS = st.sampled_from(
    [
        {},
        {"platform": ContextField("cpu", ("cpu", "cuda"))},
        {
            "device.capability": ContextField(9.0, (7.5, 9.0), False, "float"),
            "model.arch.heads": ContextField(4, (4, 40), False, "int", Reading(("n_head", "heads"), unless=("odd",))),
            "model.arch.length": ContextField(
                8,
                (8, 9),
                False,
                "int",
                Reading(("length",), unless=("rope",), harmless={"even": (), "yarn": ("factor",)}),
            ),
            "model.files.params_json": ContextField(False, (False, True), False, "bool", Reading(file="params.json")),
            "model.quantization": ContextField(None, (None, "fp8"), False, "str", Reading(("q.m",), "config")),
            "model.info.hybrid": ContextField(
                False, (False, True), False, "bool", Reading(table="architectures", only={"layers": ("full",)})
            ),
            "model.arch.latent": ContextField(
                False, (False, True), False, "bool", Reading(table="model_type", unless_null=("rank",))
            ),
        },
    ]
)


@st.composite
def rules(draw: st.DrawFn, name: str = "a_rule", context: Mapping[str, ContextField] = EMPTY) -> Rule:
    severity, expected = draw(OUTCOMES)
    fields: dict[str, tuple[Clause, ...]] = {}
    for subject in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        clauses = draw(st.lists(CLAUSES, min_size=1, max_size=2, unique_by=lambda clause: clause.op))
        fields[subject] = tuple(clauses)
    kwargs = st.dictionaries(NAMES, st.one_of(VALUES, st.just(TypedValue("lib.Other", {"x": 1}))), max_size=3)
    return Rule(
        id=name,
        engine="fake",
        library="fakelib",
        invariant_under_test=draw(st.text(min_size=1, max_size=20).filter(str.strip)),
        severity=severity,
        native_type="lib.Config",
        miner_source=MinerSource("lib/config.py", "__init__", draw(st.integers(1, 9999))),
        match=Match("fake", fields, draw(st.dictionaries(NAMES, SCALARS, max_size=2))),
        kwargs_positive=draw(kwargs),
        kwargs_negative=draw(kwargs),
        expected_outcome=expected,
        message_template=draw(st.none() | st.text(min_size=1, max_size=30)),
        references=tuple(draw(st.lists(st.just("lib/config.py:1"), max_size=1))),
        added_by=draw(st.sampled_from(AddedBy)),
        added_at="2026-01-01",
        cross_validated_by=tuple(draw(st.lists(st.sampled_from(AddedBy), max_size=2, unique=True))),
        conflict_note=draw(st.none() | st.just("other words")),
        walker_notes=draw(st.none() | st.just("a note")),
        requires_gpu=draw(st.booleans()),
        hardware_dependent=draw(st.booleans()),
        world={fact: field.values[-1] for fact, field in context.items() if draw(st.booleans())},
        world_negative={fact: field.default for fact, field in context.items() if draw(st.booleans())},
    )


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    count = draw(st.integers(0, 3))
    context = draw(CONTEXTS)
    return Corpus(
        "1.1.0",
        "fake",
        "1.0",
        "2026-01-01T00:00:00Z",
        tuple(draw(rules(name=f"rule_{number}", context=context)) for number in range(count)),
        context=context,
    )


class Hostile:
    """An object that raises from whatever it is asked."""

    def __eq__(self, other: Any) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        raise RuntimeError("hash")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __contains__(self, item: Any) -> bool:
        raise RuntimeError("contains")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("getattr")

    def __lt__(self, other: Any) -> bool:
        raise RuntimeError("lt")

    def __mod__(self, other: Any) -> Any:
        raise RuntimeError("mod")


CHANGES = st.dictionaries(NAMES, st.builds(Change, VALUES, VALUES), max_size=2)
EXCEPTIONS = st.builds(
    ObservedException,
    type=st.sampled_from(["ValueError", "pydantic_core.ValidationError"]),
    message=TEXT,
    locations=st.lists(NAMES, max_size=2).map(tuple),
    raised_at=st.none() | st.just("lib/config.py:3"),
    bases=st.sampled_from([(), ("ValueError", "Exception")]),
)
SOUNDNESS = st.builds(
    Soundness,
    probes=st.integers(5, 9),
    agreed=st.integers(0, 5),
    overbroad=st.lists(st.dictionaries(NAMES, VALUES, max_size=2), max_size=2).map(tuple),
    underbroad=st.lists(st.dictionaries(NAMES, VALUES, max_size=2), max_size=2).map(tuple),
)
DIVERGENCES = st.builds(
    Divergence,
    invariant_id=st.just("rule_0"),
    check_failed=st.sampled_from(CheckFailed),
    field=st.none() | NAMES,
    expected=TEXT,
    observed=TEXT,
)
FLAGS = st.none() | st.booleans()


def cases(name: str) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        id=st.just(name),
        outcome=st.sampled_from(Outcome),
        emission_channel=st.sampled_from(Channel),
        observed_messages=st.lists(TEXT, max_size=2).map(tuple),
        observed_silent_normalisations=CHANGES,
        observed_exception=st.none() | EXCEPTIONS,
        positive_confirmed=FLAGS,
        message_confirmed=FLAGS,
        negative_confirmed=FLAGS,
        soundness=st.none() | SOUNDNESS,
        certification=st.sampled_from(Certification),
        environment_kind=st.none() | st.sampled_from(EnvironmentKind),
        skipped_reason=st.none() | TEXT,
        fingerprint=st.none() | st.just("0123abcd"),
        extra=st.just({}),
    )


@st.composite
def validated_files(draw: st.DrawFn) -> Validated:
    return Validated(
        "1.1.0",
        "fake",
        "1.0",
        "2026-01-01T00:00:00Z",
        "00" * 32,
        Environment(draw(st.sampled_from(EnvironmentKind)), draw(st.none() | TEXT), "3.11.7", "linux", {"lib": "1.0"}),
        draw(st.sampled_from(Certification)),
        {"outcomes": {"error": 1}, "rules": draw(st.integers(0, 9))},
        tuple(draw(cases(f"rule_{number}")) for number in range(draw(st.integers(0, 3)))),
        tuple(draw(st.lists(DIVERGENCES, max_size=2))),
    )


@st.composite
def quarantines(draw: st.DrawFn) -> Quarantine:
    context = draw(CONTEXTS)
    return Quarantine(
        "1.1.0",
        "fake",
        "1.0",
        "2026-01-01T00:00:00Z",
        tuple(
            (draw(rules(name=f"rule_{number}", context=context)), tuple(draw(st.lists(DIVERGENCES, max_size=2))))
            for number in range(draw(st.integers(0, 2)))
        ),
        context=context,
    )
