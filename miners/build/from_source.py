"""Propose a corpus and a schema from source alone, for an engine that is not installed here.

Nothing in it is proven. A candidate with an opaque guard is left out, since only the library could settle it; every
rule notes that it was read and not tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.merge import carry_over, merge
from miners.candidates.naming import named
from miners.candidates.outcomes import Cause, Lost, Why
from miners.candidates.rules import sayable, to_rule
from miners.examples.conversion import as_declared
from miners.examples.source_examples import SourceExamples
from miners.gate.implied import implied_pairs
from miners.measure.compare_modes import ModeResult, read_source
from miners.surface.source_classes import Skeletons
from miners.surface.source_version import source_version
from pytest_llem_invariants.corpus.files import SCHEMA_VERSION
from pytest_llem_invariants.model import AddedBy, Corpus, Rule
from pytest_llem_invariants.text.atomic import now, today

if TYPE_CHECKING:
    from pytest_llem_invariants.ssot import Ssot

UNPROVEN: Final = "Read from source, tried on no library."


@final
@dataclass(frozen=True, slots=True)
class Proposed:
    """The result of reading a source tree."""

    corpus: Corpus
    staged: Counter[AddedBy]
    lost: Counter[str]
    """Why candidates became no rules, and how many for each reason."""
    unreadable: Mapping[str, str]

    def to_text(self) -> str:
        told = ", ".join(f"{count} {producer}" for producer, count in sorted(self.staged.items()))
        lines = [f"{len(self.corpus.rules)} rules, none of them proven; candidates: {told or 'none'}"]
        lines += [f"  lost {count:5d}  {reason}" for reason, count in self.lost.most_common()]
        lines += [f"  unreadable {target}: {why}" for target, why in sorted(self.unreadable.items())]
        return "\n".join(lines)


def build_from_source(ssot: Ssot, skeletons: Skeletons, *, previous: Corpus | None) -> Proposed:
    """Propose the rules that the types and the code of a tree imply."""
    version = source_version(skeletons)
    reading = read_source(ssot, skeletons, tried=False)
    rules, lost = _staged(ssot, skeletons, reading)
    earlier = () if previous is None else previous.rules
    by_hand = [rule for rule in earlier if rule.added_by.is_by_hand]
    found = named(carry_over(merge([*rules, *by_hand]), previous), previous)
    narrower = {rule.id for rule, _ in implied_pairs(found) if not rule.added_by.is_by_hand}
    kept = tuple(rule for rule in found if rule.id not in narrower)
    corpus = Corpus(
        schema_version=SCHEMA_VERSION,
        engine=ssot.engine,
        engine_version=version,
        mined_at=now(),
        rules=kept,
        context=ssot.context,
    )
    staged = Counter(one.added_by for one in reading.candidates)
    reasons = Counter((*(one.why.sentence for one in lost), *reading.doubted, *(Cause.IMPLIED.words for _ in narrower)))
    return Proposed(corpus, staged, reasons, dict(skeletons.failed))


def _staged(ssot: Ssot, skeletons: Skeletons, reading: ModeResult) -> tuple[list[Rule], tuple[Lost, ...]]:
    drafts: list[Rule] = []
    lost: list[Lost] = []
    by_class: dict[str, list[Candidate]] = {}
    for candidate in reading.candidates:
        facts = reading.surface[candidate.native_type]
        meant = as_declared(sayable(candidate), facts, reading.surface)
        by_class.setdefault(candidate.native_type, []).append(meant)
    for name, candidates in by_class.items():
        facts = reading.surface[name]
        examples = SourceExamples(ssot, facts, skeletons, reading.surface, candidates)
        for candidate in candidates:
            if candidate.opaque:
                lost.append(Lost(candidate, Why(Cause.UNSAID_GUARD)))
            elif candidate.added_by is not AddedBy.STATIC_MINER and not facts.kind.coerces:
                lost.append(Lost(candidate, Why(Cause.UNENFORCED_TYPE)))
            elif (found := examples.find(candidate)) is None:
                lost.append(Lost(candidate, Why(Cause.NO_PAIR)))
            else:
                noted = replace(found[0], notes=" ".join(note for note in (candidate.notes, UNPROVEN) if note))
                at = {"engine": ssot.engine, "library": ssot.library, "added_at": today()}
                drafts.append(to_rule(noted, found[1], **at))
    return drafts, tuple(lost)
