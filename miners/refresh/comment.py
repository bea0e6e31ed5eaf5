"""What a reviewer reads: the comment on a probe that was blocked, and the one on a version that was mined anew.

Each fits on a screen; what is longer is folded. The causes come first, then what they mean for a config.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from miners.causes.between import Between
from miners.causes.diff_report import escaped, markdown
from miners.causes.grouping import CauseKind, Differences, differences
from miners.causes.pairing import Side
from miners.causes.releases import Releases
from miners.causes.summary import causes_of
from miners.causes.telling import sentence
from miners.ledger.entries import WITHIN_REACH, Entry, Ledger, figures
from miners.ledger.files import LEDGER, load_ledger
from miners.process.probes import Probe, Producer, from_data
from pytest_llem_invariants.checker.certifying import file_certification
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.layout import SCHEMA, VALIDATED
from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.corpus.schema_layout import read_schema
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.model import Case, Validated
from pytest_llem_invariants.runs.digest import read_digest
from pytest_llem_invariants.runs.shelf import digests_of

BOT: Final = "@llem-ci-bot"
ESCALATED: Final = "probe-escalated"
BLOCKED: Final = "probe-blocked"
_MOST: Final = 5
_GONE: Final = (CauseKind.FIELD_GONE, CauseKind.FIELD_RENAMED)


def read_probe(path: Path) -> Probe:
    try:
        return from_data(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise MinerError(f"{path}: {error.strerror} — llem-mine probe ENGINE --format json writes one") from error
    except (ValueError, KeyError, TypeError) as error:
        raise MinerError(f"{path}: not the JSON of a probe ({error}) — llem-mine probe ENGINE --format json") from error


def of_probe(found: Probe) -> str:
    """Which producer is blocked, by what, what is nearest, and the three ways on."""
    return "\n".join(_probe_lines(found)).rstrip() + "\n"


def _probe_lines(found: Probe) -> Iterator[str]:
    if not found.blocked:
        yield f"### {found.engine}: every producer may trust {found.library} {found.version}"
        return
    names = " and ".join(f"`{one.name}`" for one in found.blocked)
    yield f"### {found.engine}: {found.library} {found.version} blocks {names}"
    yield ""
    for one in found.blocked:
        yield from _blocked(one)
    yield ""
    yield "Three ways on:"
    yield ""
    yield from _ways(found)


def _blocked(one: Producer) -> Iterator[str]:
    for problem in one.problems:
        match problem.kind:
            case "landmark":
                near = " or ".join(f"`{name}`" for name in problem.nearest) or "nothing with a similar name"
                yield f"- `{one.name}`: the landmark `{problem.subject}` is missing; nearest: {near}"
            case "pin":
                yield f"- `{one.name}`: its pin `{problem.subject}` does not allow this version"
            case _:
                yield f"- `{one.name}`: {escaped(problem.sentence)}"


def _ways(found: Probe) -> Iterator[str]:
    kinds = {problem.kind for one in found.blocked for problem in one.problems}
    file = f"`engine_versions/{found.engine}.yaml`"
    patched = {
        "landmark": f"`landmarks` in {file}: the new place, and the code that relies on the old one",
        "classes": f"`native_types` in {file}, or `--accept-lost NAME`",
    }
    told = "; ".join(said for kind, said in patched.items() if kind in kinds) or f"{file}, and what the producer reads"
    yield f"1. **Patch the producer**: {told}. Push to this branch; the probe runs again."
    approvable = [one.name for one in found.blocked if {problem.kind for problem in one.problems} == {"pin"}]
    if approvable:
        yield "2. **Approve the reuse**: the producer reads this version as it did the last. Comment, a line for each:"
        yield from (f"   `{BOT} /approve-reuse {found.engine} {name}`" for name in approvable)
    else:
        yield "2. **Approve the reuse**: not possible here, for a name that is gone is not made up for by a wider pin."
    yield f"3. **Escalate**: set the label `{ESCALATED}`. Until then `{BLOCKED}` keeps Renovate from trying again."


def of_diff(root: Path, engine: str, old: str, new: str, held: Sequence[str] = ()) -> str:
    """The causes, what they mean for a config, the quarantine, the ledger, and what is asked of the reviewer."""
    folder = root / "corpora" / engine
    before = folder / "history" / old
    found = None
    head = f"### {engine} {new}: mined anew, no earlier version beside it\n"
    if old != new and before.exists():
        then, now = (Checker.load(engine, version=version, root=root) for version in (old, new))
        schemas = (read_schema(path) if path.exists() else None for path in (before / SCHEMA, folder / SCHEMA))
        found = differences(Side(then), Side(now), Between(*schemas), Releases.read(folder))
        head = markdown(found, origin=False)
    visible, details = _split(head)
    validated = load_validated(folder / VALIDATED)
    quarantined = [case for case in validated.cases if _is_contradicted(case)]
    said = [
        *_replay(validated, quarantined),
        *_quarantine(folder, engine, quarantined),
        *_ledger(before / LEDGER, folder / LEDGER),
        *(f"- {one}" for one in held),
    ]
    asked = _asked(bool(quarantined), found, Releases.read(folder))
    return "\n".join([visible, "", "**replayed**", *said, "", "**asked of you**", *asked, *details]).rstrip() + "\n"


def _split(text: str) -> tuple[str, list[str]]:
    """What stays visible, and the folded lists."""
    visible, fold, rest = text.partition("<details>")
    return visible.rstrip(), ["", fold + rest.rstrip()] if fold else []


def _is_contradicted(case: Case) -> bool:
    return not case.confirmed and case.skipped_reason is None


def _replay(validated: Validated, quarantined: Sequence[Case]) -> Iterator[str]:
    confirmed = sum(case.confirmed for case in validated.cases)
    skipped = len(validated.cases) - confirmed - len(quarantined)
    sound = [case.soundness for case in validated.cases if case.soundness is not None]
    probes, agreed = sum(one.probes for one in sound), sum(one.agreed for one in sound)
    yield (
        f"- {confirmed} of {len(validated.cases)} rules confirmed, {len(quarantined)} contradicted, {skipped} skipped "
        f"(certification {file_certification(validated)}, {validated.environment.kind})"
    )
    beyond = "" if agreed == probes or quarantined else "; at the others the library objects beyond what the rule says"
    yield f"- {agreed} of {probes} probes around the boundaries of {len(sound)} rules agree{beyond}"


def _quarantine(folder: Path, engine: str, quarantined: Sequence[Case]) -> Iterator[str]:
    """The contradicted rules by cause, where the run's digest tells one."""
    if not quarantined:
        return
    kept = digests_of(folder, engine)
    if not kept:
        yield f"- quarantine: {_first([f'`{case.id}`' for case in quarantined])}"
        return
    digest = read_digest(kept[-1])
    causes = causes_of(digest)
    yield f"- quarantine, {len(quarantined)} rules by {len(causes)} causes:"
    for cause in causes[:_MOST]:
        yield f"  - {len(cause.findings)}: {escaped(sentence(cause, digest, Releases.read(folder)))}"
    if len(causes) > _MOST:
        yield f"  - … and {len(causes) - _MOST} more causes: `llem-mine signals {engine} --all`"


def _ledger(old: Path, new: Path) -> Iterator[str]:
    """How many effects of the code have a rule now, and which lost theirs."""
    if not new.exists():
        return
    after = load_ledger(new)
    now = figures(after.entries)
    if not old.exists():
        yield f"- ledger: {now.covered} of {now.reachable} reachable effects have a rule"
        return
    before = load_ledger(old)
    was = figures(before.entries)
    yield (
        f"- ledger: {was.covered} of {was.reachable} reachable effects had a rule, now {now.covered} of {now.reachable}"
    )
    uncovered = [*newly_uncovered(before, after)]
    if uncovered:
        yield f"- newly without a rule ({len(uncovered)}): {_first([f'`{one.place}`' for one in uncovered])}"


def newly_uncovered(before: Ledger, after: Ledger) -> Iterator[Entry]:
    """Effects within reach that have no rule, of methods that had fewer such effects: lines move with every release."""
    had = Counter(map(_site, filter(_is_open, before.entries)))
    for entry in filter(_is_open, after.entries):
        if had[_site(entry)]:
            had[_site(entry)] -= 1
        else:
            yield entry


def _is_open(entry: Entry) -> bool:
    return not entry.covered and entry.reason in WITHIN_REACH


def _site(entry: Entry) -> tuple[str, str, str]:
    return entry.path, entry.method, entry.kind


def _first(names: Sequence[str]) -> str:
    rest = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f", … and {rest} more" if rest > 0 else "")


def _asked(contradicts: bool, found: Differences | None, releases: Releases) -> Iterable[str]:
    """What a person decides; all else is proven."""
    stricter = found is not None and bool(found.stricter)
    causes = () if found is None else found.causes
    gone = [f"`{one.subject}`" for one in causes if one.kind in _GONE and not releases.is_told(one.subject)]
    if contradicts:
        yield "- [ ] read the quarantine: a rule there was mined and is contradicted, so nothing is shipped of it"
    if stricter:
        yield "- [ ] read what became stricter: is it what the release notes say?"
    if gone:
        yield f"- [ ] say in `successors.yaml` what to write instead of {_first(gone)}"
    if not (contradicts or stricter or gone):
        yield "- [ ] nothing but your approval: no rule is contradicted, no config is refused that was accepted"
