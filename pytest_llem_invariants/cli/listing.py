"""`llem-invariants list`: engines, or the rules of one."""

from __future__ import annotations

import argparse
import json
import shutil

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.describe import told_origin
from pytest_llem_invariants.cli.choosing import load
from pytest_llem_invariants.cli.parser import stdout_is_terminal
from pytest_llem_invariants.text.terminal import printable, say


def run(options: argparse.Namespace) -> int:
    return _rules(options) if options.engine or options.corpus else _engines(options)


def _engines(options: argparse.Namespace) -> int:
    root = store.data_root(options.root)
    rows = []
    for engine in store.engines(root):
        checker = Checker.load(engine, root=options.root)
        rows.append(
            {
                "engine": engine,
                "version": checker.version,
                "rules": len(checker.rules),
                "classes": len({rule["type"] for rule in checker.rules}),
                "certification": checker.certification,
                "history": store.versions(root, engine),
            }
        )
    if options.format == "json":
        print(json.dumps(rows, indent=2))
        return 0
    table = [["engine", "version", "rules", "classes", "certification", "earlier versions"]]
    table.extend([*(str(row[key]) for key in list(row)[:-1]), " ".join(row["history"])] for row in rows)  # type: ignore[arg-type]
    print_table(table)
    return 0


def _rules(options: argparse.Namespace) -> int:
    checker = load(options)
    wanted = checker.resolve(options.type) if options.type else None
    rules = [
        rule
        for rule in checker.rules
        if (wanted is None or rule["type"] == wanted) and (not options.field or options.field in rule["fields"])
    ]
    if options.format == "json":
        print(json.dumps(rules, indent=2))
        return 0
    table = [["rule", "severity", "class", "when"]]
    table.extend([rule["id"], rule["severity"], rule["type"].rpartition(".")[2], rule["when"]] for rule in rules)
    print_table(table)
    told = f"{len(rules)} rules of {checker.engine} {checker.version}, certification {checker.certification}"
    say(f"\n{told}{told_origin(checker.origin)}")
    return 0


def print_table(rows: list[list[str]]) -> None:
    """Columns as wide as they need to be; on a terminal the last one is cut where the line ends."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    terminal = stdout_is_terminal()
    limit = shutil.get_terminal_size().columns if terminal else None
    for number, row in enumerate(rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if limit is not None and len(line) > limit:
            line = line[: limit - 1] + "…"
        line = printable(line)
        print(f"\x1b[1m{line}\x1b[0m" if terminal and number == 0 else line)
