"""`llem-invariants sweep`: the valid combinations of a grid."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.describe import told_origin
from pytest_llem_invariants.checker.documents import read
from pytest_llem_invariants.checker.sweep import read_grid
from pytest_llem_invariants.checker.verdict import plain
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.choosing import choose
from pytest_llem_invariants.cli.fitted import Fitted
from pytest_llem_invariants.cli.memory import RULE
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.fit.answer import TOO_LARGE
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    grid = read(options.file).data
    fields: dict[str, Any] = {field: None for axis in read_grid(grid) for choice in axis for field in choice}
    checker = choose(options, fields, {})
    summaries = [_swept(grid, checker, options, gpu) for gpu in options.gpu or [None]]
    found = any(summary["valid"] for summary in summaries)
    if options.format == "json":
        if options.count:
            print(json.dumps(summaries if len(summaries) > 1 else summaries[0], indent=2))
    else:
        for summary in summaries:
            _print(summary, sys.stdout if options.count else sys.stderr)
    return 0 if found else INVALID


def _swept(grid: dict[str, Any], checker: Checker, options: argparse.Namespace, gpu: str | None) -> dict[str, Any]:
    """The grid on one machine: the valid combinations are printed; returns the counts."""
    how = Surroundings(options, gpu).how(checker)
    pruned = checker.prune(grid, native_type=options.type, **how)
    fitted = Fitted(checker, grid, pruned, how)
    of_several = {"gpu": gpu} if len(options.gpu or ()) > 1 else {}
    if not options.count:
        for combination, verdict in fitted:
            told = {**of_several, **combination, **({"fit": verdict} if verdict else {})}
            say(json.dumps(plain(told)) if options.format == "json" else _line(told))
    fits = fitted.counts()
    too_large = fits.pop(TOO_LARGE, 0)
    return {
        **of_several,
        "native_type": pruned.native_type,
        "total": pruned.total,
        "valid": pruned.valid - too_large,
        **({"fit": fits} if fitted.is_asked else {}),
        "pruned_by": {**pruned.by_rule, **({RULE: too_large} if too_large else {})},
        "certification": pruned.certification,
        "origin": checker.origin,
    }


def _line(combination: dict[str, Any]) -> str:
    return " ".join(f"{field}={json.dumps(plain(value))}" for field, value in combination.items())


def _print(summary: dict[str, Any], out: Any) -> None:
    total, valid = summary["total"], summary["valid"]
    on = f" on {summary['gpu']}" if "gpu" in summary else ""
    say(
        f"{summary['native_type']}{on}: {valid:,} of {total:,} combinations are valid"
        f" (certification {summary['certification']}{told_origin(summary['origin'])})",
        file=out,
    )
    if "fit" in summary:
        said = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(summary["fit"].items()))
        say(f"  by memory: {said or 'none'}", file=out)
    width = max((len(f"{count:,}") for count in summary["pruned_by"].values()), default=0)
    for rule, count in sorted(summary["pruned_by"].items(), key=lambda pair: (-pair[1], pair[0])):
        say(f"  {count:>{width},} pruned by {rule}", file=out)
