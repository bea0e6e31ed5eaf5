"""The report of a build: what each producer found, how much was confirmed, and why the rest was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from miners.build.mined import Mined
from pytest_llem_invariants.corpus.files import fingerprint
from pytest_llem_invariants.model import AddedBy, Corpus, Rule

_MOST_REASONS = 12


def closing_table(mined: Mined) -> str:
    """The table at the end of a build."""
    confirmed = Counter(entry.rule.added_by for entry in mined.proven)
    lost = Counter(entry.candidate.added_by for entry in mined.lost)
    merged = Counter(producer for rule in mined.corpus.rules for producer in rule.cross_validated_by)
    rows = [("producer", "found", "confirmed", "also found", "lost")]
    rows.extend(
        (producer.value, str(count), str(confirmed[producer]), str(merged[producer]), str(lost[producer]))
        for producer, count in sorted(mined.staged.items(), key=lambda item: item[0].value)
    )
    lines = _aligned(rows)
    lines.append("")
    lines.append(f"{len(mined.corpus.rules)} rules in the proposed corpus")
    reasons = Counter(entry.why.cause.words for entry in mined.lost)
    lines.extend(f"  lost {count:5d}  {reason}" for reason, count in reasons.most_common(_MOST_REASONS))
    lines.extend(f"  {count:5d} configs had no answer: {reason}" for reason, count in mined.tally.unanswered.items())
    return "\n".join(lines)


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def hand_written_debt(
    mined: Mined, previous: Corpus | None, claimed: Callable[[Rule], bool] = lambda rule: True
) -> tuple[str, ...]:
    """What became of the handwritten rules: replaced by mined rules, still needed, or refuted; or the engine's file
    claims it no more.
    """
    found = {fingerprint(rule): rule for rule in mined.corpus.rules}
    lines = []
    for rule in () if previous is None else previous.rules:
        if not rule.added_by.is_by_hand:
            continue
        now, heirs = found.get(fingerprint(rule)), mined.heirs.get(rule.id, ())
        if heirs:
            lines.append(f"{rule.id}: taken over by {', '.join(heirs)}")
        elif now is None and rule.added_by is AddedBy.ENGINE_FILE and not claimed(rule):
            lines.append(f"{rule.id}: no claim of the engine's file says it any more, so it goes")
        elif now is None:
            lines.append(f"{rule.id}: written by hand, and the library does not confirm it as it is written")
        elif now.added_by.is_by_hand:
            lines.append(f"{rule.id}: written by hand, and no miner finds its constraint")
        else:
            lines.append(f"{rule.id}: taken over by {now.added_by}")
    return tuple(lines)
