"""The rules of the version that is meant: the same, or the nearest that there are, and what that leaves open."""

from __future__ import annotations

import re

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.verdict import VERSION, Dependence, Verdict
from pytest_llem_invariants.errors import EngineUnavailableError, LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Violation

PLUGIN = "engine.plugins"
"""What decides where the file shows that something is added to the engine."""
_NO_SUCH_FIELD = ("unknown_field", "removed_field")
_OF_ITS_TIME = (*_NO_SUCH_FIELD, "refused_word")
"""What a version outside of those that there are rules of may see otherwise: its options, and how it reads them."""
_VERSION = re.compile(r"v?[0-9]+(\.|\Z)")


class Versions:
    """The checkers of the versions of each engine; each is loaded when it is first asked for."""

    def __init__(self, root: str | None) -> None:
        self._root = root
        self._loaded: dict[tuple[str, str | None], Checker] = {}
        self._kept: dict[str, list[str]] = {}

    def take(self, newest: Checker) -> None:
        """Keep the newest of an engine, which is loaded already."""
        self._loaded.setdefault((newest.engine, None), newest)

    def newest(self, engine: str) -> Checker:
        return self._of(engine, None)

    def of_file(self, corpus: str, engine: str | None) -> Checker:
        return Checker.load(engine, corpus=corpus, root=self._root)

    def _of(self, engine: str, version: str | None) -> Checker:
        key = (engine, version)
        if key not in self._loaded:
            self._loaded[key] = Checker.load(engine, version=version, root=self._root)
        return self._loaded[key]

    def _known(self, engine: str) -> list[str]:
        """Every version that there are rules of, oldest first."""
        if engine not in self._kept:
            kept = {*store.versions(store.data_root(self._root), engine), self.newest(engine).version}
            self._kept[engine] = sorted(kept, key=numbers)
        return self._kept[engine]

    def around(self, engine: str, version: str | None, *, is_built: bool = False) -> Around:
        """The rules for a version, and those beside them where they are not of that version.

        Of a build whose version nobody knows every version is beside it.
        """
        kept = self._known(engine)
        if version is None:
            others = [self._of_kept(engine, one) for one in kept[:-1]] if is_built else []
            return Around(self.newest(engine), others, is_sure=not is_built, note=None)
        same = [one for one in kept if numbers(one)[:3] == numbers(version)[:3]]
        if same:
            return Around(self._of_kept(engine, same[0]), [], is_sure=True, note=None)
        if not _VERSION.match(version):
            fix = f"known are {', '.join(kept)}; of another one the nearest is taken"
            raise EngineUnavailableError(f"{version!r} is not a version of {engine} — {fix}")
        below = [one for one in kept if numbers(one) < numbers(version)]
        above = [one for one in kept if numbers(one) > numbers(version)]
        near = sorted([*below[-1:], *above[:1]], key=lambda one: _distance(numbers(one), numbers(version)))
        note = f"there are no rules of {engine} {version}: checked with the nearest, {near[0]}"
        if numbers(near[0])[:2] == numbers(version)[:2]:
            return Around(self._of_kept(engine, near[0]), [], is_sure=True, note=note, wanted=version)
        # Of a later version than all of these what the last two reject; of an earlier one nothing is certain.
        others = [self._of_kept(engine, one) for one in (near[1:] if below else []) or kept[-2:-1]]
        return Around(
            self._of_kept(engine, near[0]),
            others,
            is_sure=bool(below and above),
            note=note,
            is_early=not below,
            wanted=version,
        )

    def _of_kept(self, engine: str, version: str) -> Checker:
        newest = self.newest(engine)
        return newest if newest.version == version else self._of(engine, version)


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version, of which a release has three."""
    told: list[int] = []
    for part in version.split(".")[:4]:
        digits = "".join(letter for letter in part.partition("rc")[0] if letter.isdecimal())[:6]
        told.append(int(digits or 0))
    return (*told, *[0] * (3 - len(told)))


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(abs(a - b) for a, b in zip(one, other, strict=False))


class Around:
    """Whose rules are asked, and whose besides; `is_sure` where what all of them do not know is no option."""

    def __init__(
        self,
        checker: Checker,
        others: Sequence[Checker],
        *,
        is_sure: bool,
        note: str | None,
        is_early: bool = False,
        wanted: str | None = None,
    ) -> None:
        self.checker = checker
        self.others = others
        self.is_sure = is_sure
        self.note = note
        self.is_early = is_early
        self.wanted = wanted
        """The version that is meant, where the rules are not of it."""

    def has(self, violation: Violation) -> bool | None:
        """Whether the version that is meant has the field that a finding misses; None where nobody knows."""
        table = self.checker.releases if self.wanted is not None and violation.rule_id in _NO_SUCH_FIELD else None
        there = None if table is None or self.wanted is None else table.at(self.wanted)
        if there is None:
            return None
        name = str(violation.fields[0]).rpartition(".")[2].lstrip("-").replace("-", "_")
        return there.has_field(violation.native_type.rpartition(".")[2], name)


def of_one(checker: Checker) -> Around:
    """Rules that were named, of which nothing is to be told."""
    return Around(checker, [], is_sure=True, note=None)


def softened(
    verdict: Verdict, around: Around, ask: Callable[[Checker], Verdict], added: Sequence[Mapping[str, Any]]
) -> Verdict:
    """What is certain of a version that there are no rules of, and of an engine to which something is added.

    Of the version, what those around it reject, too; of what is added, all but the fields and words that it brings.
    """
    found = [(one, around.has(one)) for one in verdict.violations]
    if any(has for _, has in found):
        kept = tuple(one for one, has in found if not has)
        verdict = Verdict(kept, verdict.certification, verdict.native_types, verdict.depends, verdict.origin)
    if verdict.ok or (around.is_sure and not around.others and not added):
        return verdict
    rejected = [_rejected(ask, other) for other in around.others]

    def opens(violation: Violation) -> str | None:
        is_unknown = violation.rule_id in _OF_ITS_TIME  # who brings options brings words for those that are there
        for one in added:
            fields = {field.lstrip("-").replace("-", "_") for field in violation.fields}
            if (is_unknown and one.get("fields")) or not fields.isdisjoint(one.get("values", ())):
                return PLUGIN
        if around.has(violation) is False:
            return None
        is_alone = not around.is_sure and not around.others  # one version says nothing of another
        if (
            around.is_early
            or is_alone
            or any(fields.isdisjoint(violation.fields) for fields in rejected)
            or (not around.is_sure and violation.rule_id in _OF_ITS_TIME)
        ):
            return VERSION
        return None

    told = [(one, opens(one) if one.severity == "error" else None) for one in verdict.violations]
    sure = tuple(one for one, fact in told if fact is None)
    open_ = tuple(Dependence((fact,), one) for one, fact in told if fact is not None)
    return Verdict(sure, verdict.certification, verdict.native_types, (*verdict.depends, *open_), verdict.origin)


def _rejected(ask: Callable[[Checker], Verdict], other: Checker) -> set[str]:
    """The fields that another version rejects; none where it cannot be asked, as of a class that it lacks."""
    try:
        return {field for one in ask(other).errors for field in one.fields}
    except LlemError:
        return set()
