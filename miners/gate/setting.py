"""What the candidates of one class are asked with: the class, what is known around it, and the worlds to try it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from miners.candidates.claims import Claim, Predicate, claim_of, predicate_of, roots_of
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.model import Clause, ContextField, Kwargs, Rule
from pytest_llem_invariants.replay.contexts import context_of, default_context


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """What each rule says of where it comes from."""

    engine: str
    library: str
    added_at: str


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One class, and all that is asked beside a config of it."""

    facts: ClassFacts
    origin: Origin
    surface: Mapping[str, ClassFacts] = field(default_factory=dict)
    context: Mapping[str, ContextField] = field(default_factory=dict)
    contexts: tuple[str, ...] = ()
    """The context fields that the code of the class reads: each rule is tried under each of their values."""
    other_kwargs: tuple[Kwargs, ...] = ()
    """Other base arguments: another model."""
    model_facts: tuple[Mapping[str, Any], ...] = ()
    """What is known of the model of each of these, of the facts that rules may name."""
    served: tuple[str, ...] = ()
    """The facts about the server that the class is asked of."""
    machines: int = 0
    switches: Mapping[str, Any] = field(default_factory=dict)
    """Fields with a value at which a part of the validation is left out."""

    comes_with: Mapping[str, Mapping[str, Mapping[str, Sequence[Any]]]] = field(default_factory=dict)
    """Fact → value, as text → other facts, each with the values of which it then has one."""
    unlike: Callable[[Mapping[str, Any]], frozenset[str]] = lambda context: frozenset()
    """The facts that a world made for a context has otherwise, because no model is known that has them all."""

    def facts_of(self, rule: Rule) -> tuple[str, ...]:
        """The facts that a rule names."""
        names = referenced_fields(rule.match)
        return tuple(name for name in names if name in self.context and self.context[name].is_fact)

    def named_by(self, rule: Rule) -> Mapping[str, Any]:
        """What a rule's examples have of the context that the rule names."""
        there, names = self.context_of(rule), referenced_fields(rule.match)
        return {name: there.get(name) for name in names if name in self.context}

    def arguments_of(self, fields: Mapping[str, tuple[Clause, ...]]) -> frozenset[str]:
        """The keyword arguments that are spoken of, the whole of an object for a field inside of it."""
        return roots_of(fields, self.context)

    def context_of(self, rule: Rule) -> Mapping[str, Any]:
        """The context that the examples of a rule are meant in."""
        return context_of(rule, self.context)

    def predicate_of(self, rule: Rule, context: Mapping[str, Any] | None = None) -> Predicate:
        """Which configs a rule claims, in this context or in that of its examples."""
        under = self.context_of(rule) if context is None else context
        return predicate_of(rule.match, under, self.context, self.facts.base_kwargs)

    def claim_of(self, rule: Rule) -> Claim:
        """What a rule claims in the context of its examples."""
        return claim_of(rule, self.context_of(rule), self.context, self.facts.base_kwargs)

    def claim_by_default(self, rule: Rule) -> Claim:
        """What a rule claims in the default context."""
        return self.claim_in(rule, default_context(self.context))

    def claim_in(self, rule: Rule, context: Mapping[str, Any]) -> Claim:
        """What a rule claims in this context."""
        return claim_of(rule, context, self.context, self.facts.base_kwargs)
