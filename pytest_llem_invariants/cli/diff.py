"""`llem-invariants diff`: what changed between two versions of an engine, causes first."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from miners.causes.between import Between
from miners.causes.diff_report import as_data, lines, markdown
from miners.causes.grouping import Differences, differences
from miners.causes.pairing import Side
from miners.causes.releases import Releases
from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.layout import SCHEMA
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.parser import stdout_is_terminal
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.corpus.schema_layout import Schema, read_schema
from pytest_llem_invariants.text.terminal import say


def between(options: argparse.Namespace) -> tuple[Checker, Checker, Differences]:
    """Both versions, and what changed between them."""
    old = Checker.load(options.engine, version=options.old, root=options.root)
    new = Checker.load(options.engine, version=options.new, root=options.root)
    schemas = (_schema(options, version) for version in (options.old, options.new))
    releases = Releases.read(Path(store.folder_of(store.data_root(options.root), options.engine)))
    return old, new, differences(Side(old), Side(new), Between(*schemas), releases)


def run(options: argparse.Namespace) -> int:
    old, new, found = between(options)
    broken = _broken(options, old, new) if options.config else None
    options.answer.status = INVALID if broken and broken["breaks"] else 0
    if options.format == "json":
        head = {"engine": new.engine, "old": old.version, "new": new.version, "origin": new.origin}
        print(json.dumps({**head, **as_data(found), "config": broken}))
    elif options.format == "markdown":
        sys.stdout.write(markdown(found))
    else:
        _print(found, options.verbose)
        _print_broken(broken, options.config)
    status: int = options.answer.status
    return status


def _schema(options: argparse.Namespace, version: str) -> Schema | None:
    """The schema beside a corpus; None where none was discovered."""
    path = Path(store.folder_of(store.data_root(options.root), options.engine, version)) / SCHEMA
    return read_schema(path) if path.exists() else None


def _broken(options: argparse.Namespace, old: Checker, new: Checker) -> dict[str, Any]:
    """Violations of a config in the new version that the old version does not have."""
    from pytest_llem_invariants.checker.documents import read

    config = read(options.config)
    beside = Surroundings(options, options.gpu)
    before, after = (checker.check_config(config.data, **beside.how(checker)) for checker in (old, new))
    known = {(violation.native_type, violation.summary) for violation in before.violations}
    fresh = [violation for violation in after.violations if (violation.native_type, violation.summary) not in known]
    return {
        "file": config.name,
        "ok_before": before.ok,
        "ok_after": after.ok,
        "breaks": before.ok and not after.ok,
        "new_violations": [{**violation.as_dict(), "line": config.place_of(violation.path)[0]} for violation in fresh],
    }


def _print(found: Differences, verbose: bool) -> None:
    terminal = stdout_is_terminal()
    for is_heading, text in lines(found, verbose=verbose):
        if is_heading and terminal:
            sys.stdout.write("\x1b[1m")
        say(text)
        if is_heading and terminal:
            sys.stdout.write("\x1b[0m")


def _print_broken(broken: Mapping[str, Any] | None, file: str) -> None:
    if broken is None:
        return
    print()
    state = "breaks" if broken["breaks"] else "was already rejected" if not broken["ok_after"] else "still works"
    say(f"{file}: {state}")
    for violation in broken["new_violations"]:
        say(f"  {file}:{violation['line']}: {violation['message']} — {violation['suggestion']}")
