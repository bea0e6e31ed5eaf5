"""Discovered parsers as a compiled corpus keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker.layout import COMMANDS
from pytest_llem_invariants.corpus.commands_layout import Commands, read_commands


def compiled_parser(
    options: Sequence[Mapping[str, Any]], habits: Mapping[str, Any], rules: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A discovered parser as the reader keeps it."""
    actions = []
    strings: dict[str, int] = {}
    for number, option in enumerate(options):
        more = option.get("values") or option.get("builds") or option.get("const")
        if option["action"] == "pairs":
            more = {name: option[name] for name in ("needed", "possible", "splits_once")}
        kind = option.get("type", "unknown")
        actions.append([option["dest"], option["action"], option["nargs"], kind, option.get("choices"), more])
        strings.update(dict.fromkeys(option.get("strings", ()), number))
    positional = [number for number, option in enumerate(options) if not option.get("strings")]
    return {
        "actions": actions,
        "strings": strings,
        "positional": positional,
        "required": [number for number, option in enumerate(options) if option.get("required")],
        "habits": dict(habits),
        "on": [number for number, option in enumerate(options) if _is_on(option)],
        "rules": list(rules),
    }


def _is_on(option: Mapping[str, Any]) -> bool:
    """Whether an option can be turned off, and is not off by itself."""
    return False in option.get("values", {}).values() and option.get("default") is not False


def with_parsers(routes: dict[str, Any], commands: Commands, fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The routes, in whose forms the names of options stand that a parser has, and what of them is no field; without
    the commands whose own parser nobody discovered.
    """

    def with_parser(form: Mapping[str, Any]) -> dict[str, Any]:
        parser = commands.get(form.get("parser", ""))
        if parser is None:
            return {name: value for name, value in form.items() if name != "parser"}
        known = fields.get(form.get("class", ""), {})
        told = {**form, "fields": dict(form.get("fields", {})), "ignore": list(form.get("ignore", ()))}
        for option in parser["options"]:
            dest = told["fields"].get(option["dest"], option["dest"])
            names = [string.lstrip("-").replace("-", "_") for string in option.get("strings", ())]
            told["fields"].update((name, dest) for name in names if name not in (dest, f"no_{dest}"))
            if dest not in known and dest not in told["ignore"]:
                told["ignore"].append(dest)
        return told

    if "forms" not in routes:
        return routes
    told = {**routes, "forms": {name: with_parser(form) for name, form in routes["forms"].items()}}
    if "commands" in told:
        told["commands"] = [one for one in told["commands"] if one.get("parser") is None or one["parser"] in commands]
    return told


def parsers_of(routes: Mapping[str, Any]) -> set[str]:
    """The parsers by which lines are read."""
    readers = (*routes.get("forms", {}).values(), *routes.get("commands", ()))
    return {one["parser"] for one in readers if one.get("parser") is not None}


def with_names_elsewhere(folder: Path, discovered: dict[str, Any]) -> dict[str, Any]:
    """What was discovered of a version, with the names of its parsers' rules that only other versions know."""
    if "commands" not in discovered:
        return discovered
    newest = folder.parent.parent if folder.parent.name == "history" else folder
    others = [newest / COMMANDS, *newest.glob(f"history/*/{COMMANDS}")]
    known: dict[tuple[str, str], set[str]] = {}
    for path in others:
        for name, command in read_commands(path).items() if path.exists() else ():
            for rule in command.get("rules", ()):
                known.setdefault((name, str(rule.get("needs"))), set()).update(rule.get("names", ()))

    def with_others(name: str, rule: Mapping[str, Any]) -> Mapping[str, Any]:
        elsewhere = known[name, str(rule.get("needs"))].difference(rule.get("names", ()))
        return {**rule, "elsewhere": sorted(elsewhere)} if "names" in rule and elsewhere else rule

    commands = {
        name: {**command, "rules": [with_others(name, rule) for rule in command.get("rules", ())]}
        for name, command in discovered["commands"].items()
    }
    return {**discovered, "commands": commands}
