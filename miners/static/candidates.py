"""From effects to candidates: one rule for every case of a path to a statement, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final, TypeGuard

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.candidates.outcomes import Cause, Why
from miners.logic.as_rule import fields_of
from miners.logic.cases import is_in_part, to_dnf_in_part
from miners.logic.formulas import FALSE, TRUE, And, Atom, Conjunction, Formula, Opaque, Or, all_of, any_of, atom
from miners.logic.narrowing import Narrowing, narrowed
from miners.logic.plainest import ASKED_FOR, ODD, OF_ITSELF, THERE, Plainest, plainest
from miners.static.effects import Effect, EffectKind, Site
from miners.static.findings import Dropped, SiteFinding
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import Surface, class_of, default_at, field_at
from miners.surface.types import ChoiceType, Either
from miners.symbolic.constants import is_sayable, plain
from miners.symbolic.opacity import OUTSIDE
from miners.symbolic.terms import Built, Choice, Computed, Const, Field, Term, Unknown
from pytest_llem_invariants.language.expressions import MISSING, parse
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import compile_match, plain_value, reference_of, referenced_fields
from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
    Clause,
    Match,
    MinerSource,
)
from pytest_llem_invariants.replay.contexts import default_context

MOST_CASES: Final = 16
"""A condition with more cases than this is not worth listing case by case."""
_PLAINEST: Final = 4
"""The number of cases to list of such a condition: those that ask least of a config."""


def findings_of(
    facts: ClassFacts,
    effects: Sequence[Effect],
    *,
    engine: str,
    context: Collection[str] = (),
    surface: Surface = EMPTY,
) -> Iterator[SiteFinding]:
    """Every statement with an effect that the walk reached, once, in this order."""
    ways: dict[tuple[Site, EffectKind], list[Effect]] = {}
    for effect in effects:
        ways.setdefault((effect.site, effect.kind), []).append(effect)
    cost, narrowing = _cost_of(facts, engine, context, surface), Narrowing()

    @cache
    def plainest_of(condition: Formula) -> Plainest:
        return plainest(condition, _PLAINEST, MOST_CASES, cost, narrowing)

    for (site, kind), group in ways.items():
        candidates: dict[str, Candidate] = {}
        dropped: dict[Why, Dropped] = {}
        for effect in group:
            for found in _of_effect(facts, effect, engine, context, surface, plainest_of):
                if isinstance(found, Candidate):
                    candidates.setdefault(repr((found.fields, found.defaults, found.template)), found)
                else:
                    dropped.setdefault(found.why, found)
        proposed = tuple(candidates.values())
        called = any(effect.called for effect in group)
        yield SiteFinding(facts.native_type, site, kind, proposed, tuple(dropped.values()), called)


def without_defaults(finding: SiteFinding, asked: Collection[str]) -> SiteFinding:
    """The finding without the defaults of fields in `asked`: whether a field is given is independent of its default."""

    def bare(one: Candidate) -> Candidate:
        of_being_given = {name for name in asked if any(c.op in _GIVEN for c in one.fields.get(name, ()))}
        return replace(one, defaults={name: v for name, v in one.defaults.items() if name not in of_being_given})

    return replace(finding, candidates=tuple(map(bare, finding.candidates))) if asked else finding


_GIVEN: Final = frozenset({"present", "absent"})


def _of_effect(
    facts: ClassFacts,
    effect: Effect,
    engine: str,
    context: Collection[str],
    surface: Surface,
    plainest_of: Callable[[Formula], Plainest],
) -> Iterator[Candidate | Dropped]:
    if effect.handled:
        yield Dropped(Why(Cause.HANDLED))
        return
    if effect.changes and not _is_public(effect.target, facts):
        yield Dropped(Why(Cause.CHANGES_PRIVATE, names=(str(effect.target),)))
        return
    if effect.of_given:
        bare = {name: replace(fact, default=None) for name, fact in facts.fields.items()}
        facts = replace(facts, fields=bare)
    condition = _in_short(effect, facts, surface)
    cases = to_dnf_in_part(condition, MOST_CASES)
    if not cases:
        yield _never(effect)
        return
    if is_in_part(cases):
        found = plainest_of(condition)
        cases = found.cases if found.all_of_them else (*found.cases, *cases)
        if not cases:
            yield _never(effect)
            return
    for case in cases:
        yield _of_case(facts, effect, case, engine, context, surface)


def _cost_of(facts: ClassFacts, engine: str, context: Collection[str], surface: Surface) -> Callable[[Atom], int]:
    """The cost of a clause in the default context."""
    around = default_context(context) if isinstance(context, Mapping) else {}

    @cache
    def cost(literal: Atom) -> int:
        fields = {literal.subject: (literal.clause,)}
        match = Match(engine, fields, _defaults(facts, fields, engine, surface))
        if compile_match(match, context_fields=context)(facts.base_kwargs, around):
            return OF_ITSELF
        types = {*field_at(literal.subject, facts, surface).types} - {"none"}
        if literal.clause.op == "present":
            return THERE
        odd = literal.clause.op == "matches" and types and types.isdisjoint({"str", "any"})
        return ODD if odd else ASKED_FOR

    return cost


def _in_short(effect: Effect, facts: ClassFacts, surface: Surface) -> Formula:
    """The condition of an effect, simplified."""
    return narrowed(never_unset(narrowed(_visible(effect)), facts, surface, but=effect.target))


def _never(effect: Effect) -> Dropped:
    """Why an effect has no case."""
    if effect.changes and to_dnf_in_part(effect.guard, MOST_CASES):
        same = isinstance(effect.value, Built)
        return Dropped(Why(Cause.HOLDS_GIVEN if same else Cause.FILLS_IN))
    return Dropped(Why(Cause.CONTRADICTORY))


def never_unset(formula: Formula, facts: ClassFacts, surface: Surface, but: str | None = None) -> Formula:
    """The formula without alternatives for fields that always have a value: the given one, else the default.

    The fields of a nested object always have a value if the object has. The field `but` is an exception: whether it was
    given matters. "Other than x, or absent" is the negation of "x". For a field that does not accept None, and whose
    default the rule states, "other than x" means the same, in half as many cases.
    """
    known: dict[str, bool] = {}
    inside: dict[str, bool] = {}

    def is_always_held(name: str) -> bool:
        """Whether the field of a given object always has a value."""
        if "." not in name or name == but:
            return False
        if name not in inside:
            owner = class_of(field_at(name.rpartition(".")[0], facts, surface), surface)
            fact = field_at(name, facts, surface)
            inside[name] = (
                owner is not None
                and owner.kind.coerces
                and not fact.nullable
                and (fact.required or (fact.default is not None and fact.default is not MISSING))
            )
        return inside[name]

    def is_never_unset(name: str) -> bool:
        if name not in known:
            default = default_at(name, facts, surface)
            parent = name.rpartition(".")[0]
            owner = class_of(field_at(parent, facts, surface), surface) if parent else facts
            known[name] = (
                owner is not None
                and owner.kind.coerces
                and not field_at(name, facts, surface).nullable
                and default is not None
                and default is not MISSING
                and is_sayable(default)
            )
        return known[name]

    @cache
    def narrowed(one: Formula) -> Formula:
        match one:
            case And(parts=parts):
                return all_of(map(narrowed, parts))
            case Or(parts=parts):
                other = {part.subject for part in parts if isinstance(part, Atom) and part.clause.op in _OTHER_THAN}
                return any_of(
                    narrowed(part)
                    for part in parts
                    if not (_says_absent(part) and part.subject in other and is_never_unset(part.subject))
                )
            case Atom(subject=name, clause=Clause(op="present" | "absent") as clause):
                return Atom(name.rpartition(".")[0], clause) if is_always_held(name) else one
            case _:
                return one

    return narrowed(formula)


_OTHER_THAN: Final = frozenset({"!=", "not_in", "type_is_not"})


def _says_absent(formula: Formula) -> TypeGuard[Atom]:
    return isinstance(formula, Atom) and formula.clause.op == "absent"


def _visible(effect: Effect) -> Formula:
    """The condition of an effect. A change of a value needs a given value that differs from the new one."""
    if not effect.changes or effect.target is None:
        return effect.guard
    values = effect.value.cases if isinstance(effect.value, Choice) else ((TRUE, effect.value),)
    differs = any_of(all_of((guard, _differs(effect.target, value))) for guard, value in values)
    return all_of((effect.guard, atom(effect.target, "present"), differs))


def _differs(target: str, value: Term | None) -> Formula:
    """Whether the given value of a field differs from its new value, as far as that is known."""
    match value:
        case Const(value=known) if is_sayable(known) and known is not None:
            return atom(target, "!=", plain(known))
        case Field(path=path):
            return FALSE if path == target else any_of((atom(target, "!=", f"@{path}"), atom(path, "absent")))
        case Computed(text=text) if text == f"distinct({target})":
            return atom(f"len({target})", ">", f"@len({text})")
        case Built(spread=Field(path=path)) | Built(of=Field(path=path)) if path == target:
            return FALSE
        case Unknown(text=text, place=place, shape=shape) if shape in OUTSIDE:
            return Opaque(f"{target} != {text}", place, shape=shape)
        case _:
            return TRUE


def _of_case(
    facts: ClassFacts, effect: Effect, case: Conjunction, engine: str, context: Collection[str], surface: Surface
) -> Candidate | Dropped:
    spoken = fields_of(case)
    fields = {subject: clauses for subject, clauses in spoken.fields.items() if clauses}
    named = _named(fields, engine)
    opaque = tuple(map(OpaqueGuard.of, spoken.opaque))
    if not named:
        if opaque:
            return Dropped(Why(Cause.UNSAID, said="; ".join(one.wording for one in opaque)), opaque)
        return Dropped(Why(Cause.UNCONDITIONAL))
    private = sorted(name for name in named if name not in context and not _is_public(name, facts))
    if private:
        return Dropped(Why(Cause.DEPENDS_ON_PRIVATE, names=tuple(private)), opaque)
    detector, expected = effect.kind.detector, effect.kind.detector.expected
    if effect.changes and effect.target is not None:
        expected = replace(expected, normalised_fields=(effect.target,))
    return Candidate(
        native_type=facts.native_type,
        severity=detector.severity,
        fields=fields,
        expected=expected,
        template=effect.template,
        source=MinerSource(effect.site.path, effect.site.method, effect.site.line),
        added_by=AddedBy.STATIC_MINER,
        defaults=_defaults(facts, fields, engine, surface, but=effect.target if effect.changes else None),
        opaque=opaque,
    )


def _named(fields: Mapping[str, tuple[Clause, ...]], engine: str) -> tuple[str, ...]:
    return referenced_fields(Match(engine, fields))


def _is_public(name: str | None, facts: ClassFacts) -> bool:
    """Whether a keyword argument sets the field; a field inside an object is set through the object."""
    first = (name or "").partition(".")[0]
    fact = facts.fields.get(first)
    return facts.accepts_extra and not first.startswith("_") if fact is None else fact.settable


def _defaults(
    facts: ClassFacts,
    fields: Mapping[str, tuple[Clause, ...]],
    engine: str,
    surface: Surface,
    but: str | None = None,
) -> dict[str, Any]:
    """The library's values for fields that are not given, where the rule depends on them.

    Not for the field that changes: nobody misses a value that they did not give.
    """
    found = {}
    given = [name for name, clauses in fields.items() if any(_fails_unset(clause) for clause in clauses)]
    for name in _named(fields, engine):
        default = default_at(name, facts, surface, given)
        if name == but or default is None or default is MISSING or not is_sayable(default):
            continue
        if any(clause.op in _OF_TYPE for clause in fields.get(name, ())) and _is_member(field_at(name, facts, surface)):
            continue
        if _matters(name, default, fields, engine):
            found[name] = default
    return found


_OF_TYPE: Final = frozenset({"type_is", "type_is_not"})


def _is_member(fact: FieldFact) -> bool:
    """Whether the default may be a member of an enumeration: the rule could state its value only."""
    members = fact.type.members if isinstance(fact.type, Either) else (fact.type,)
    return any(isinstance(one, ChoiceType) and one.enum is not None for one in members)


def _fails_unset(clause: Clause) -> bool:
    """Whether a clause on a field never holds if the field is not given."""
    return reference_of(clause.rhs) is None and not OPERATORS[clause.op].test(None, plain_value(clause.rhs))


def _matters(name: str, default: Any, fields: Mapping[str, tuple[Clause, ...]], engine: str) -> bool:
    """Whether the default changes the answer: a clause on this field alone may treat it like no value."""
    for subject, clauses in fields.items():
        alone = {subject: clauses}
        if name not in _named(alone, engine):
            continue
        if _named(alone, engine) != (name,) or parse(subject).fields != (name,):
            return True
        bare = compile_match(Match(engine, alone))({}, {})
        if bare != compile_match(Match(engine, alone, {name: default}))({}, {}):
            return True
    return False
