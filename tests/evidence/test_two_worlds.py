"""A rule that names nothing but facts has its negative example in another world than its positive one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from miners.candidates.handwritten import taken_over
from miners.candidates.outcomes import Proven
from miners.dynamic.bare_worlds import refused_bare
from miners.dynamic.world_rows import Facts, WorldLibrary, in_rows
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from pytest_llem_invariants.corpus.files import (
    NEWEST,
    SCHEMA_VERSION,
    fingerprint,
    parse_proposed,
    render_proposed,
    version_of,
)
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
    Clause,
    ContextField,
    Corpus,
    Kwargs,
    Observation,
    ObservedException,
    Rule,
)
from pytest_llem_invariants.replay.contexts import context_of, default_context, negative_context_of
from tests.evidence.test_handwritten import rule
from tests.evidence.test_rules_of_facts import Library as Accepting
from tests.evidence.test_soundness import FACTS, MESSAGE

KIND, CAPABILITY = "model.kind", "device.capability"
DECLARED = {
    "platform": ContextField("cpu", ("cpu", "cuda"), False),
    KIND: ContextField(None, (None, "packed", "plain"), False, "str"),
    "model.heads": ContextField(4, (4, 12), False, "int"),
    CAPABILITY: ContextField(9.0, (7.0, 7.5, 8.0, 9.0), False, "float"),
}
FIELDS = {
    "platform": (Clause("==", "cuda"),),
    KIND: (Clause("==", "packed"),),
    CAPABILITY: (Clause("<", 7.5),),
}

PACKED = {"platform": "cuda", KIND: "packed", CAPABILITY: 7.0}


class Library(Accepting):
    """Takes no packed model on a device below 7.5, unless `freed` is in the config."""

    freed: frozenset[str] = frozenset()

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        there = {**default_context(DECLARED), **context}
        if there["platform"] != "cuda" or there[KIND] != "packed" or there[CAPABILITY] >= 7.5:
            return None
        return None if self.freed & kwargs.keys() else ObservedException("ValueError", MESSAGE, raised_at="lib.py:3")

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))


ALGORITHM = "model.algorithm"
COMES: Mapping[str, Mapping[str, Mapping[str, list[Any]]]] = {KIND: {"packed": {ALGORITHM: ["strong", "weak"]}}}


class Weaker(Library):
    """Takes a packed model whose algorithm is weak on every device."""

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        return None if context.get(ALGORITHM) == "weak" else super().raises(native_type, kwargs, context)


def gate_of(library: Library, comes_with: Mapping[str, Mapping[str, Mapping[str, list[Any]]]] = EMPTY) -> Gate:
    declared = (
        {**DECLARED, ALGORITHM: ContextField(None, (None, "strong", "weak"), False, "str")} if comes_with else DECLARED
    )
    setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=declared, comes_with=comes_with)
    stands_in: Any = library
    return Gate(setting, Oracle(stands_in, "lib.Config", default=default_context(DECLARED)))


def proven(
    library: Library,
    fields: Mapping[str, tuple[Clause, ...]] = FIELDS,
    comes_with: Mapping[str, Mapping[str, Mapping[str, list[Any]]]] = EMPTY,
) -> list[Rule]:
    from miners.candidates.rules import to_candidate

    told = rule("packed", AddedBy.DYNAMIC_MINER, {"n": {"<": 0}}, {})
    gate = gate_of(library, comes_with)
    gate.prove([to_candidate(replace(told, match=replace(told.match, fields=fields)))])
    return [entry.rule for entry in gate.proven]


def test_the_bare_class_shows_it_in_one_world_and_not_in_the_other() -> None:
    (one,) = proven(Library())
    assert (one.kwargs_positive, one.kwargs_negative) == ({}, {})
    assert one.world == {"platform": "cuda", KIND: "packed", CAPABILITY: 7.0}
    assert one.world_negative == {"platform": "cuda", KIND: "packed", CAPABILITY: 9.0}
    assert context_of(one, DECLARED)[CAPABILITY] == 7.0
    assert negative_context_of(one, DECLARED)[CAPABILITY] == 9.0


def test_a_rule_about_a_fact_is_asked_beside_each_value_of_what_comes_with_it() -> None:
    by_algorithm = {**FIELDS, ALGORITHM: (Clause("==", "strong"),)}
    assert proven(Weaker())
    assert proven(Weaker(), comes_with=COMES) == []
    assert proven(Library(), comes_with=COMES)
    assert [one.match.fields for one in proven(Weaker(), by_algorithm, COMES)] == [by_algorithm]


def test_a_rule_that_claims_too_many_worlds_is_none() -> None:
    assert proven(Library(), {**FIELDS, CAPABILITY: (Clause("<", 8.0),)}) == []
    assert proven(Library(), {name: FIELDS[name] for name in ("platform", KIND)}) == []


def test_a_rule_that_an_argument_frees_names_it_or_is_none() -> None:
    library = Library()
    library.freed = frozenset({"n"})
    assert all("n" in one.match.fields for one in proven(library))


def test_where_each_negative_is_one_that_another_rule_is_about_the_same_config_passes_in_another_world() -> None:
    class Careful(Library):
        """Takes such a model where `n` is given, and warns of that everywhere."""

        freed = frozenset({"n"})

    gate = gate_of(Careful())
    bare = replace(rule("bare", AddedBy.DYNAMIC_MINER, {"n": {"absent": True}}, {}), kwargs_negative={"n": 1})
    bare = replace(bare, match=replace(bare.match, fields={**FIELDS, **bare.match.fields}), world=PACKED)
    given = rule("given", AddedBy.DYNAMIC_MINER, {"n": {"absent": False}}, {"n": 1})
    gate.adopt([Proven(bare), Proven(given)])
    (found,) = (entry.rule for entry in gate.finished() if "platform" in entry.rule.match.fields)
    assert (found.kwargs_positive, found.kwargs_negative) == ({}, {})
    assert found.world_negative == {**PACKED, CAPABILITY: 9.0}


def test_it_is_found_with_the_exact_number_of_the_device() -> None:
    library = WorldLibrary(
        Facts.of(DECLARED, DECLARED),
        lambda kwargs, context: Library().raises("", kwargs, context),
        lambda kwargs, context: Library().raises("", kwargs, context) is None,
    )
    (found,) = refused_bare(library, Facts.of(DECLARED, DECLARED))
    assert found.fields == {in_rows(name): clauses for name, clauses in FIELDS.items()}


@pytest.mark.parametrize(("message", "is_told"), [("unknown method: plain", True), ("no such layer", False)])
def test_a_word_that_every_device_refuses_is_told_where_the_message_names_it(message: str, is_told: bool) -> None:
    def raises(kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        there = {**default_context(DECLARED), **context}
        return ObservedException("ValueError", message, raised_at="lib.py:9") if there[KIND] == "plain" else None

    library = WorldLibrary(Facts.of(DECLARED, DECLARED), raises, lambda kwargs, context: not raises(kwargs, context))
    found = [one.fields for one in refused_bare(library, Facts.of(DECLARED, DECLARED))]
    told = {in_rows("platform"): (Clause("==", "cuda"),), in_rows(KIND): (Clause("==", "plain"),)}
    assert found == ([told] if is_told else [])


def corpus(*rules: Rule) -> Corpus:
    return Corpus(version_of(rules), "lib", "1.0", "2026-01-01T00:00:00+00:00", rules, DECLARED)


def test_both_worlds_are_written_and_read_again_and_only_then_is_the_format_newer() -> None:
    (one,) = proven(Library())
    text = render_proposed(corpus(one))
    assert f'schema_version: "{NEWEST}"' in text
    (again,) = parse_proposed(text).rules
    assert (again.world, again.world_negative, fingerprint(again)) == (one.world, one.world_negative, fingerprint(one))
    assert f'schema_version: "{SCHEMA_VERSION}"' in render_proposed(corpus(replace(one, world_negative={})))
    assert negative_context_of(replace(one, world_negative={}), DECLARED) == context_of(one, DECLARED)


def test_a_fact_that_nobody_declares_is_one_sentence() -> None:
    (one,) = proven(Library())
    text = render_proposed(corpus(replace(one, world_negative={**one.world_negative, "model.other": 1})))
    with pytest.raises(CorpusError, match=r"'world_negative' names the fact 'model.other'"):
        parse_proposed(text)


def test_it_replaces_no_handwritten_rule_about_a_config_of_another_world() -> None:
    (one,) = proven(Library())
    by_hand = rule("by_hand", AddedBy.MANUAL_SEED, {"n": {">": 1}, KIND: {"==": "plain"}}, {"n": 2})
    inherited = taken_over([one, by_hand], {"lib.Config": FACTS}, DECLARED)
    assert [kept.id for kept in inherited.rules] == [one.id, "by_hand"]
