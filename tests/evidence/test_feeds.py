"""Rules of the classes behind a front, restated in the front's own field names."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from miners.candidates.candidate import Candidate
from miners.fronts.feeds import discover_feeds
from miners.fronts.mappings import keys_of_mappings
from miners.fronts.restate import restate
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    ContextField,
    ExpectedOutcome,
    MinerSource,
    Outcome,
    Severity,
    TypedValue,
)

FRONT = """
class Args:
    def build(self):
        cache = CacheConfig(size=self.cache_size, dtype=self.dtype or "auto")
        if self.backend is None:
            backend = "mp"
        else:
            backend = self.backend
        rank = self.rank if self.rank is not None else 0
        parallel = ParallelConfig(backend=backend, rank=rank, world=self.world * 2)
        attention = copy.copy(self.attention)
        if self.kind is not None:
            attention.kind = self.kind
        logging = self.logging or LoggingConfig()
        logging = dataclasses.replace(logging, level=self.level)
        lora = LoraConfig(rank=self.lora_rank) if self.enable_lora and not self.plain else None
        limits = LimitConfig(least=self.least if self.least and self.least > 0 else None)
        return Config(cache=cache, parallel=parallel, attention=attention, spec=self.make_spec(), lora=lora)

    def make_spec(self):
        if self.spec is None:
            return None
        options = self.spec
        return SpecConfig(**options)
"""


def _class(name: str, **types: str) -> ClassFacts:
    fields = {field: FieldFact(field, kind, (kind,), nullable=False) for field, kind in types.items()}
    return ClassFacts(f"lib.{name}", f"lib:{name}", ClassKind.DATACLASS, fields, "lib.py", 1)


ARGS = _class(
    "Args",
    lora_rank="int",
    enable_lora="bool",
    plain="bool",
    cache_size="int",
    dtype="str",
    backend="str",
    rank="int",
    world="int",
    attention="AttentionConfig",
    kind="str",
    logging="LoggingConfig",
    level="str",
    spec="dict",
    least="int",
)
SURFACE = {
    one.native_type: one
    for one in (
        ARGS,
        _class("CacheConfig", size="int", dtype="str"),
        _class("ParallelConfig", backend="str", rank="int", world="int"),
        _class("AttentionConfig", kind="str"),
        replace(_class("SpecConfig", method="str", tokens="int"), base_kwargs={"method": "ngram"}),
        _class("LoraConfig", rank="int"),
        _class("LimitConfig", least="int"),
        _class("LoggingConfig", level="str"),
        _class(
            "Config",
            cache="CacheConfig",
            parallel="ParallelConfig",
            attention="AttentionConfig",
            spec="SpecConfig",
            lora="LoraConfig",
        ),
    )
}
(DEFINITION,) = ast.parse(FRONT).body
assert isinstance(DEFINITION, ast.ClassDef)
FEEDS = discover_feeds(DEFINITION, SURFACE, ARGS.fields)
POSITIVE = (Clause(">", 0),)


def _candidate(native_type: str, fields: Mapping[str, tuple[Clause, ...]], by: AddedBy) -> Candidate:
    outcome = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)
    return Candidate(native_type, Severity.ERROR, fields, outcome, None, MinerSource("lib.py", "check", 3), by)


def restated(native_type: str, fields: Mapping[str, tuple[Clause, ...]]) -> Mapping[str, tuple[Clause, ...]] | None:
    found = restate(_candidate(native_type, fields, AddedBy.STATIC_MINER), ARGS, FEEDS)
    return None if found is None else found.fields


def test_a_field_that_is_handed_on_has_the_fronts_name() -> None:
    assert restated("lib.CacheConfig", {"size": POSITIVE}) == {"cache_size": POSITIVE}
    assert restated("lib.CacheConfig", {"size": (Clause(">", "@dtype"),)}) == {"cache_size": (Clause(">", "@dtype"),)}


def test_what_is_handed_on_only_sometimes_is_a_guess_too() -> None:
    assert restated("lib.CacheConfig", {"dtype": POSITIVE}) == {"dtype": POSITIVE}
    assert restated("lib.ParallelConfig", {"backend": POSITIVE}) == {"backend": POSITIVE}
    assert restated("lib.ParallelConfig", {"rank": POSITIVE}) == {"rank": POSITIVE}


def test_what_is_said_of_the_context_stays() -> None:
    fields = {"size": POSITIVE, "platform": (Clause("==", "cpu"),)}
    candidate = _candidate("lib.CacheConfig", fields, AddedBy.STATIC_MINER)
    assert restate(candidate, ARGS, FEEDS) is None
    found = restate(candidate, ARGS, FEEDS, context={"platform": ContextField("cpu", ("cpu",))})
    assert found is not None
    assert found.fields == {"cache_size": POSITIVE, "platform": (Clause("==", "cpu"),)}


def test_what_is_computed_is_none() -> None:
    assert restated("lib.ParallelConfig", {"world": POSITIVE}) is None


def test_an_object_that_the_front_makes_is_fed_by_what_feeds_its_class() -> None:
    assert restated("lib.Config", {"cache.size": (Clause(">", "@parallel.rank"),)}) == {
        "cache_size": (Clause(">", "@rank"),)
    }
    assert restated("lib.Config", {"len(cache.dtype)": POSITIVE}) == {"len(dtype)": POSITIVE}
    assert restated("lib.Config", {"attention.kind": POSITIVE}) == {"attention.kind": POSITIVE}
    assert restated("lib.Config", {"spec.method": POSITIVE}) == {"spec.method": POSITIVE}


def test_what_the_front_asks_before_it_passes_anything_on_is_asked_too() -> None:
    given = {"enable_lora": (Clause("truthy", True),), "plain": (Clause("falsy", True),)}
    assert restated("lib.LoraConfig", {"rank": POSITIVE}) == {"lora_rank": POSITIVE, **given}
    assert restated("lib.Config", {"lora.rank": POSITIVE}) == {"lora_rank": POSITIVE, **given}


def test_what_is_passed_on_only_where_something_holds_of_it_is_claimed_there() -> None:
    above = (Clause(">", 8),)
    asked = (Clause("truthy", True), Clause(">", 0))
    assert restated("lib.LimitConfig", {"least": above}) == {"least": (*above, *asked)}


def test_what_is_set_on_an_object_or_replaced_in_it_feeds_its_class() -> None:
    fast = (Clause("==", "fast"),)
    given = (Clause("present", True),)
    assert restated("lib.AttentionConfig", {"kind": fast}) == {"kind": (*fast, *given)}
    assert restated("lib.LoggingConfig", {"level": fast}) == {"level": fast}


def test_the_keys_of_a_mapping_that_is_handed_on_whole() -> None:
    fields = SURFACE["lib.SpecConfig"].fields
    needs = {**fields, "token_count": replace(fields["tokens"], name="token_count", required=True)}
    surface = {**SURFACE, "lib.SpecConfig": replace(SURFACE["lib.SpecConfig"], fields=needs)}
    feeds = discover_feeds(DEFINITION, surface, ARGS.fields)
    is_mapping = {"spec": (Clause("type_is", "dict"),)}
    known = ["method", "tokens", "token_count", "token-count"]
    assert [candidate.fields for candidate in keys_of_mappings(ARGS, feeds, surface)] == [
        {**is_mapping, "each(keys(spec))": (Clause("not_in", known),)},
        {**is_mapping, "spec.token_count": (Clause("absent", True),)},
    ]


def test_a_mapping_that_is_handed_on_whole_feeds_every_field() -> None:
    assert restated("lib.SpecConfig", {"tokens": POSITIVE}) == {"spec.tokens": POSITIVE}
    assert restated("lib.Config", {"spec.tokens": POSITIVE}) == {"spec.tokens": POSITIVE}
    candidate = replace(
        _candidate("lib.SpecConfig", {"tokens": POSITIVE}, AddedBy.STATIC_MINER), hints=({"tokens": 3},)
    )
    found = restate(candidate, ARGS, FEEDS, SURFACE)
    assert found is not None
    assert found.hints == ({"spec": {"method": "ngram", "tokens": 3}},)


def test_where_the_front_has_a_default_that_nobody_knows_the_one_of_the_class_behind_it_stands() -> None:
    not_none = _candidate("lib.Config", {"attention": (Clause("==", None),)}, AddedBy.DYNAMIC_MINER)
    held = TypedValue("lib.AttentionConfig", {})
    found = restate(replace(not_none, defaults={"attention": held}), ARGS, FEEDS)
    assert found is not None
    assert (found.fields, found.defaults) == ({"attention": (Clause("==", None),)}, {"attention": held})

    known = replace(ARGS, fields={**ARGS.fields, "attention": replace(ARGS.fields["attention"], default="its own")})
    found = restate(replace(not_none, defaults={"attention": held}), known, FEEDS)
    assert found is not None
    assert found.defaults == {"attention": "its own"}
    made = replace(ARGS, fields={**ARGS.fields, "attention": replace(ARGS.fields["attention"], default=None)})
    context = {"model.heads": ContextField(4, (4,), False, "int")}
    found = restate(replace(not_none, defaults={"attention": held}), made, FEEDS, context=context)
    assert found is not None
    assert found.defaults == {}
    of_fact = replace(not_none, fields={**not_none.fields, "model.heads": (Clause("<", 8),)})
    found = restate(replace(of_fact, defaults={"attention": held}), made, FEEDS, context=context)
    assert found is not None
    assert found.defaults == {"attention": held}


def test_an_object_that_the_front_always_makes_is_there() -> None:
    there, absent = (Clause("present", True),), (Clause("absent", True),)
    assert restated("lib.Config", {"cache": there, "cache.size": POSITIVE}) == {"cache_size": POSITIVE}
    assert restated("lib.Config", {"cache": absent, "parallel.rank": POSITIVE}) is None
    assert restated("lib.Config", {"cache": there}) is None
    assert restated("lib.Config", {"spec": absent, "parallel.rank": POSITIVE}) == {"spec": absent, "rank": POSITIVE}


def test_what_a_type_refuses_is_refused_of_the_front_too() -> None:
    clauses = (Clause("type_is", "float"), Clause("not_divisible_by", 1))
    assert restated("lib.CacheConfig", {"size": clauses}) == {"cache_size": clauses}
    text = {"size": (Clause("type_is", "str"),), "number(size)": POSITIVE}
    assert restated("lib.CacheConfig", text) == {"cache_size": text["size"], "number(cache_size)": POSITIVE}


def test_what_one_object_has_of_the_front_and_another_takes_from_it_has_one_feed_for_both() -> None:
    front = """
class Args:
    def build(self):
        cache = self.make_cache()
        odd = self.make_odd()
        return ParallelConfig(world=cache.size, rank=odd.size, backend=cache.dtype or "mp")

    def make_cache(self):
        return CacheConfig(size=self.cache_size)

    def make_odd(self):
        if self.rank:
            return self.world
        return CacheConfig(size=self.rank)
"""
    (definition,) = ast.parse(front).body
    assert isinstance(definition, ast.ClassDef)
    feeds = discover_feeds(definition, SURFACE, ARGS.fields)
    sources = {feed.field: feed.source for feed in feeds if feed.native_type == "lib.ParallelConfig"}
    assert sources == {"world": "cache_size"}


def test_what_holds_of_the_fronts_none_and_not_of_the_default_behind_it_is_said_of_what_is_given() -> None:
    def of(field: str, default: object, clause: Clause) -> tuple[Clause, ...]:
        inner = SURFACE["lib.CacheConfig"]
        fact = replace(inner.fields["dtype"], default=default)
        surface = {**SURFACE, "lib.CacheConfig": replace(inner, fields={**inner.fields, "dtype": fact})}
        front = replace(ARGS, fields={**ARGS.fields, "dtype": replace(ARGS.fields["dtype"], default=None)})
        found = restate(_candidate("lib.CacheConfig", {field: (clause,)}, AddedBy.STATIC_MINER), front, FEEDS, surface)
        assert found is not None
        return found.fields["dtype"]

    falsy = Clause("falsy", True)
    assert of("dtype", "auto", falsy) == (falsy, Clause("present", True))
    assert of("dtype", None, falsy) == (falsy,)
    assert of("dtype", "", falsy) == (falsy,)
    assert of("dtype", "auto", Clause("==", "odd")) == (Clause("==", "odd"),)
