"""A proposed corpus and schema from source alone, for an engine that is not installed here. Nothing in it is proven.

What the library would have to answer stays open: a candidate whose guard the predicate language cannot say is left
out, and every rule says that it was read, not tried.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, final

from miners.candidate import Candidate
from miners.discovery.docs import class_description, field_docs
from miners.discovery.steady import Default
from miners.discovery.walk import Schema, add_class, envelope, namespace_of
from miners.facts import ClassFacts
from miners.merge import carry_over, merge
from miners.modes import Reading, read_source
from miners.naming import named
from miners.proof import Lost
from miners.stage import to_rule
from miners.surface.nested import is_portable
from miners.surface.source import source_surface
from miners.surface.source_classes import Skeletons
from miners.witness import Examples, find_examples
from pytest_llem_invariants.corpus import SCHEMA_VERSION, template_fragments
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.files import now, today
from pytest_llem_invariants.model import AddedBy, Corpus, Kwargs, Match, Rule, Severity
from pytest_llem_invariants.predicates import compile_match, referenced_fields
from pytest_llem_invariants.values import as_held, holdable

if TYPE_CHECKING:
    from pytest_llem_invariants.ssot import Ssot

_LOSS: Final = (
    "classes of other packages are known by their names alone, and no default was asked a second time: "
    "one that depends on the machine may stand as a value"
)
UNPROVEN: Final = "Read from source, tried on no library."


@final
@dataclass(frozen=True, slots=True)
class Proposed:
    """What reading a source tree gave."""

    corpus: Corpus
    staged: Counter[AddedBy]
    lost: tuple[Lost, ...]
    unreadable: Mapping[str, str]

    def to_text(self) -> str:
        told = ", ".join(f"{count} {producer}" for producer, count in sorted(self.staged.items()))
        lines = [f"{len(self.corpus.rules)} rules, none of them proven; candidates: {told or 'none'}"]
        reasons = Counter(entry.reason for entry in self.lost)
        lines += [f"  lost {count:5d}  {reason}" for reason, count in reasons.most_common()]
        lines += [f"  unreadable {target}: {why}" for target, why in sorted(self.unreadable.items())]
        return "\n".join(lines)


def build_from_source(ssot: Ssot, skeletons: Skeletons, *, previous: Corpus | None) -> Proposed:
    """Propose what the types and the code of a tree say."""
    version = source_version(skeletons)
    reading = read_source(ssot, skeletons)
    rules, lost = _staged(ssot, skeletons, reading)
    earlier = () if previous is None else previous.rules
    by_hand = [rule for rule in earlier if rule.added_by is AddedBy.MANUAL_SEED]
    corpus = Corpus(
        schema_version=SCHEMA_VERSION,
        engine=ssot.engine,
        engine_version=version,
        mined_at=now(),
        rules=named(carry_over(merge([*rules, *by_hand]), previous)),
        context=ssot.context,
    )
    return Proposed(corpus, Counter(one.added_by for one in reading.candidates), lost, dict(skeletons.failed))


def _staged(ssot: Ssot, skeletons: Skeletons, reading: Reading) -> tuple[list[Rule], tuple[Lost, ...]]:
    drafts: list[Rule] = []
    lost: list[Lost] = []
    by_class: dict[str, list[Candidate]] = {}
    for candidate in reading.candidates:
        if candidate.opaque:
            lost.append(Lost(candidate, "a guard that no predicate says"))
        else:
            by_class.setdefault(candidate.native_type, []).append(_sayable(candidate))
    for name, candidates in by_class.items():
        facts = reading.surface[name]
        examples = _Examples(ssot, facts, skeletons.class_at(facts.target), reading.surface, candidates)
        for candidate in candidates:
            rule = examples.rule(candidate)
            if rule is None:
                lost.append(Lost(candidate, "no pair of examples"))
            else:
                drafts.append(rule)
    return drafts, tuple(lost)


def _sayable(candidate: Candidate) -> Candidate:
    held = {name: as_held(value) for name, value in candidate.defaults.items()}
    return replace(candidate, defaults={name: value for name, value in held.items() if holdable(value)})


@final
class _Examples:
    """Finds the examples of one class: what its types accept is asked of the skeleton, which has them all."""

    def __init__(
        self,
        ssot: Ssot,
        facts: ClassFacts,
        skeleton: type | None,
        surface: Mapping[str, ClassFacts],
        candidates: Sequence[Candidate],
    ) -> None:
        self._ssot = ssot
        self._facts = facts
        self._skeleton = skeleton if facts.kind.coerces else None
        self._surface = surface
        self._claims = {id(one): self._predicate(one) for one in candidates if one.severity is Severity.ERROR}

    def rule(self, candidate: Candidate) -> Rule | None:
        found = self._found(candidate)
        if found is None and candidate.template is not None:
            candidate = replace(candidate, template=None)
            found = self._found(candidate)
        if found is None:
            return None
        read = referenced_fields(Match(self._ssot.engine, candidate.fields))
        given = {name: value for name, value in self._facts.base_kwargs.items() if name in read and is_portable(value)}
        shown = Examples({**given, **found.positive}, {**given, **found.negative}, found.context)
        noted = replace(candidate, notes=" ".join(note for note in (candidate.notes, UNPROVEN) if note))
        return to_rule(noted, shown, engine=self._ssot.engine, library=self._ssot.library, added_at=today())

    def _found(self, candidate: Candidate) -> Examples | None:
        lifted = candidate.added_by is not AddedBy.STATIC_MINER

        def proves(kwargs: Kwargs) -> bool:
            return self._refuses(kwargs, candidate.template) if lifted else self._refusal(kwargs) is None

        return find_examples(
            candidate,
            self._facts,
            others=[claims for key, claims in self._claims.items() if key != id(candidate)],
            surface=self._surface,
            context=self._ssot.context,
            proves=proves,
            clears=lambda _, negative: self._refusal(negative) is None,
        )

    def _predicate(self, candidate: Candidate) -> Callable[[Kwargs], bool]:
        match = compile_match(Match(self._ssot.engine, candidate.fields, candidate.defaults))
        return lambda kwargs: match({**self._facts.base_kwargs, **kwargs}, {})

    def _refuses(self, kwargs: Kwargs, template: str | None) -> bool:
        """Whether the types refuse, in the words of the template; true where nobody can be asked."""
        if self._skeleton is None:
            return True
        text = self._refusal(kwargs)
        return text is not None and all(part in text for part in template_fragments(template or ""))

    def _refusal(self, kwargs: Kwargs) -> str | None:
        if self._skeleton is None:
            return None
        try:
            self._skeleton(**{**self._facts.base_kwargs, **kwargs})
        except (TypeError, ValueError) as error:
            return str(error)
        return None


def discover_from_source(ssot: Ssot, skeletons: Skeletons) -> Schema:
    """The schema of an engine that is not installed."""
    schema = envelope(ssot, source_version(skeletons), "source")
    for name, facts in source_surface(skeletons, ssot).items():
        source = skeletons.source_of(facts.target)
        nodes = () if source is None else tuple(owner.node for owner in skeletons.reader.mro(source))
        cls = skeletons.class_at(facts.target)
        docs = field_docs(nodes, getattr(cls, "__pydantic_fields__", {}))
        description = class_description(nodes[0] if nodes else None)
        add_class(schema, facts, namespace_of(ssot, name), description, docs, dict(_made_objects(cls)))
    schema["discovery_limitations"] += [
        {"native_type": target, "field": "*", "reason": "source_only", "detail": f"its types cannot be built: {why}"}
        for target, why in sorted(skeletons.failed.items())
    ]
    schema["discovery_limitations"].append({"native_type": "*", "field": "*", "reason": "source_only", "detail": _LOSS})
    return schema


def _made_objects(cls: type | None) -> Iterator[tuple[str, Default]]:
    """The fields whose default is an object of another class of the tree."""
    declared = {**getattr(cls, "__dataclass_fields__", {}), **getattr(cls, "__pydantic_fields__", {})}
    for name, field in declared.items():
        product = getattr(field.default_factory, "product", None)
        if product is not None:
            yield name, Default("object", None, product)


def source_version(skeletons: Skeletons) -> str:
    """The version that a tree says of itself."""
    package = skeletons.names.package
    for module in (f"{package}.version", f"{package}._version", package):
        source = skeletons.names.module(module)
        match None if source is None else source.definitions.get("__version__"):
            case ast.Assign(value=ast.Constant(value=str(version))):
                return version
    raise EngineUnavailableError(
        f"no {package} that says its version is there — give a wheel, or the folder that holds {package}/"
    )
