"""Mine on a pretended machine, and tell which rules come out otherwise than on this one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from miners.build.earlier import earlier_of
from miners.build.pipeline import Crew, build
from miners.candidates.outcomes import Lost
from miners.candidates.rules import to_candidate
from miners.gate.proven_rules import key_of
from miners.process.commands import DIFFERS, OK
from miners.process.progress import Progress
from miners.process.roles import Installed, check_roles, chosen, roles_of_build, terms_of
from miners.process.strangers import alone
from pytest_llem_invariants.corpus.files import dump, render_proposed
from pytest_llem_invariants.corpus.rules import rule_to_data
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.engines.hosts import enter, host_of
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import Corpus, Rule
from pytest_llem_invariants.ssot import data_root
from pytest_llem_invariants.text.terminal import say

_CACHE: Final = "XDG_CACHE_HOME"
_EXAMPLES: Final = frozenset({"kwargs_positive", "kwargs_negative", "world", "observed_messages"})


def build_elsewhere(options: argparse.Namespace) -> int:
    """Mine on the machine that is named; 1 if the rules there are others than the committed ones."""
    path = data_root() / "corpora" / options.engine / "invariants.proposed.yaml"
    if not path.exists():
        raise LlemError(f"there is no {path} to compare with — run llem-mine build {options.engine} first")
    with TemporaryDirectory(prefix="llem-machine-") as folder:
        os.environ[_CACHE] = folder  # nothing that was kept on this machine is there on the other
        adapter = get_adapter(options.engine, machine=options.machine)
        host = host_of(adapter.ssot)
        enter(host)
        alone(adapter.ssot, host.packages)
        check_roles(Installed(adapter), roles_of_build(adapter.ssot), terms_of(options))
        earlier = earlier_of(adapter.ssot, path)
        here = earlier.previous
        assert here is not None
        classes = None if options.classes is None else chosen(adapter.native_types(), options.classes)
        mined = build(adapter, Crew(Progress(), options.workers), earlier, classes=classes)
    there = replace(mined.corpus, mined_at=here.mined_at, context=here.context)
    if options.out is not None:
        dump(options.out / path.name, render_proposed(there))
    lines = list(differences(here, there, mined.lost, examples=not host.facts))
    for line in lines:
        say(line)
    asked = "all classes" if classes is None else ", ".join(sorted(classes))
    say(
        f"{options.engine} {there.engine_version} on {options.machine!r}, {asked}: {len(there.rules)} rules, "
        + (f"{len(lines)} come out otherwise" if lines else _same(render_proposed(there), path))
    )
    return DIFFERS if lines else OK


def _same(text: str, path: Path) -> str:
    return "the same bytes" if text == path.read_text(encoding="utf-8") else "the same rules"


def differences(here: Corpus, there: Corpus, lost: Iterable[Lost], *, examples: bool) -> Iterator[str]:
    """One line for each rule that one of two corpora lacks, or that has other contents in it; without the `examples`
    where these are asked beside other facts.
    """
    on_this, on_that = _by_claim(here.rules), _by_claim(there.rules)
    causes = {(one.candidate.native_type, key_of(one.candidate)): one.why.sentence for one in lost}
    for claim, rule in on_this.items():
        if claim not in on_that:
            yield f"only here: {_said(rule)} — there: {causes.get(claim, 'nothing finds it')}"
    for claim, rule in on_that.items():
        if claim not in on_this:
            yield f"only there: {_said(rule)} — found by {rule.added_by.value}"
            continue
        before, after = rule_to_data(on_this[claim]), rule_to_data(rule)
        keys = [key for key in {**before, **after} if identity(before.get(key)) != identity(after.get(key))]
        told = [key for key in keys if examples or key not in _EXAMPLES]
        if told:
            yield f"other {', '.join(told)}: {_said(rule)}"


def _by_claim(rules: Iterable[Rule]) -> Mapping[tuple[str, str], Rule]:
    return {(rule.native_type, key_of(to_candidate(rule))): rule for rule in rules}


def _said(rule: Rule) -> str:
    return f"{rule.id} ({rule.native_type})"
