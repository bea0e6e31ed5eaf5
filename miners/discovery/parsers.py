"""A library's command-line parser as data: what each option is called, takes and means, and how words are made ready.

The library's own functions are not named: which conversion one is, is found by asking it and those that the checker
knows the same texts.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib
import inspect
import io
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from packaging.version import Version

from miners.discovery.clicks import LiveClick, click_habits, click_option
from miners.discovery.doors import rules_of, without_starting
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.stand_ins import standing_in
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.text.conversions import CONVERSIONS, OBJECTS, OPTIONAL, PLAIN

FILE: Final = "command.discovered.json"
SCHEMA_VERSION: Final = "1.0.0"
_ASKED: Final = (
    *("", " ", "None", "none", "null", "0", "1", "-1", " 2 ", "+3", "1_000", "007", "1.5", "-2.5", "1e3", ".5", "inf"),
    *("nan", "x", "a b", "A-B_c", "auto", "AUTO", "true", "True", "1k", "2K", "2.5m", "1.5M", "3g", "1T", "k", "1kb"),
    *(
        '{"a": 1}',
        ' {"a": 1}',
        '{"a": 1} ',
        '{"a":\n1}',
        "{a: 1}",
        "{}",
        "{",
        "[]",
        "[1, 2]",
        '"x"',
        "a=b",
        "1,2",
        "0,x",
    ),
)
"""What a library's function and a known conversion are both asked."""
_REFUSED: Final = ("refused",)
_SCALARS: Final = (bool, int, float, str, type(None))


class LiveParser:
    """The real parser of a command, as the library's own program makes it."""

    def __init__(self, adapter: EngineAdapter, name: str) -> None:
        declared = adapter.ssot.adapter["commands"][name]
        self.version = adapter.import_library()
        self.words = name.split()
        self.bare: Sequence[str] = declared.get("bare", ())
        """What has to stand behind the command."""
        self.pairs: Mapping[str, str] = declared.get("pairs", {})
        self.named: Mapping[str, str] = declared.get("named", {})
        """How the first word may be written with a name, and what may not be given without it."""
        self.top = _found(declared["parser"])()
        with standing_in(declared.get("stand_ins", {})):
            command = _found_here(declared.get("command", ()))
            found = [_found_here(places) for places in declared.get("checks", ())]
            self.parser = self._made(command, declared.get("adds", ""), declared.get("make", ()))
        runs = None if command is None else getattr(command, declared.get("runs", ""), None)
        started = [] if runs is None else [without_starting(runs, declared.get("starts", ()))]
        self.checks = [*(check for check in found if check is not None), *started]
        """What the program calls with the namespace before it loads anything, as far as it can be imported here."""
        for parser in (self.top, self.parser):
            parser.error = _refuse  # instead of two screens of usage

    def _made(self, command: Any, adds: str, places: Sequence[str]) -> Any:
        """The parser that the command adds itself, or that a function makes of an empty one."""
        *groups, name = self.words
        commands = self.top.add_subparsers(dest="subparser")
        for group in groups:
            commands = commands.add_parser(group).add_subparsers(dest=f"in_{group}")
        if adds and hasattr(command, adds):
            return getattr(command(), adds)(commands)
        parser = commands.add_parser(name)
        return _found(places)(parser) or parser

    def parse(self, words: Sequence[str]) -> Any:
        """The namespace that it makes of the words behind the command; None where it refuses them."""
        made = self._asked(words)
        return None if isinstance(made, str) else made

    def refusal(self, words: Sequence[str]) -> str:
        """What it says of the words behind the command; nothing where it takes them."""
        made = self._asked(words)
        return made if isinstance(made, str) else ""

    def _asked(self, words: Sequence[str]) -> Any:
        unheard = io.StringIO()
        try:
            with contextlib.redirect_stdout(unheard), contextlib.redirect_stderr(unheard), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a deprecated option: as an error it would be a refusal
                return self.top.parse_args([*self.words, *words])
        except SystemExit as leaving:
            return str(leaving.code) if leaving.code else argparse.Namespace()
        except Exception as error:  # whatever it raises instead of a message, nothing is started
            return str(error)


def _refuse(message: str) -> NoReturn:
    raise ValueError(message)


def _found(places: Sequence[str]) -> Any:
    """The first of several places that this version has."""
    found = _found_here(places)
    if found is None:
        raise MinerError(
            f"no {' or '.join(places)} in this version — name in engine_versions/ where its parser is made"
        )
    return found


def _found_here(places: Sequence[str]) -> Any:
    for place in places:
        module, _, name = place.partition(":")
        with contextlib.suppress(Exception):  # a module may raise anything where a package is missing
            return getattr(importlib.import_module(module), name)
    return None


def live_click(adapter: EngineAdapter, name: str) -> LiveClick | None:
    """The real parser of a command that the library makes with click; None of any other."""
    declared = adapter.ssot.adapter["commands"][name]
    if "app" not in declared:
        return None
    adapter.import_library()
    with standing_in(declared.get("stand_ins", {})):
        return LiveClick(_found(declared["app"]), name, declared.get("bare", ()))


def discover_commands(adapter: EngineAdapter) -> dict[str, Any]:
    """Every command that the engine's file declares and the version has."""
    version = adapter.import_library()
    declared = adapter.ssot.adapter["commands"]
    there = [name for name in sorted(declared) if _is_since(declared[name], version)]
    return {
        "schema_version": SCHEMA_VERSION,
        "engine": adapter.ssot.engine,
        "engine_version": version,
        "commands": {name: _command(adapter, name) for name in there},
    }


def _is_since(declared: Mapping[str, Any], version: str) -> bool:
    return "since" not in declared or Version(version) >= Version(declared["since"])


def _command(adapter: EngineAdapter, name: str) -> dict[str, Any]:
    """One command: its options, what is done to the words before, and what is checked after."""
    declared = adapter.ssot.adapter["commands"][name]
    click = live_click(adapter, name)
    if click is not None:
        options = [click_option(click, param, _conversion) for param in click.params]
        return {"options": options, "habits": click_habits(click, declared.get("beside", ())), "rules": []}
    live = LiveParser(adapter, name)
    options = [_option(live, action) for action in live.parser._actions]
    again = {action.dest: action.default for action in LiveParser(adapter, name).parser._actions}
    for option, action in zip(options, live.parser._actions, strict=True):
        if "default" in option and again.get(action.dest) != action.default:
            del option["default"]  # another one each time, such as a random name
    rules = rules_of(live.checks, live.parse(live.bare), options)
    brought_by = declared.get("brought_by", {})
    for rule in rules:
        if "names" in rule:
            rule["unless"] = [brought_by[dest] for dest in rule["needs"] if dest in brought_by]
    return {"options": options, "habits": _habits(live, options, declared.get("attached", ())), "rules": rules}


def render_commands(found: Mapping[str, Any]) -> str:
    """The parsers as text that is the same twice: a line for each option."""
    blocks = []
    for name, command in sorted(found["commands"].items()):
        lines = ",\n".join(f"        {json.dumps(option, sort_keys=True)}" for option in command["options"])
        habits = json.dumps(command["habits"], sort_keys=True)
        rules = ",\n".join(f"        {json.dumps(rule, sort_keys=True)}" for rule in command["rules"])
        parts = f'"habits": {habits},\n      "options": [\n{lines}\n      ],\n      "rules": [\n{rules}\n      ]'
        blocks.append(f"    {json.dumps(name)}: {{\n      {parts}\n    }}")
    head = json.dumps({**found, "commands": {}}, indent=2, sort_keys=True)
    return head.replace('"commands": {}', '"commands": {\n' + ",\n".join(blocks) + "\n  }") + "\n"


# Options --------------------------------------------------------------------------------------------------------------


def _option(live: LiveParser, action: Any) -> dict[str, Any]:
    kind, more = _kind(live, action)
    told: dict[str, Any] = {"dest": action.dest, "action": kind, "nargs": action.nargs, **more}
    strings = [string for string, known in live.parser._option_string_actions.items() if known is action]
    if strings:
        told["strings"] = strings
        told.update({"required": True} if action.required else {})
    if action.nargs != 0 and kind not in ("pairs", "unknown"):
        told["type"] = "str" if action.type is None else _conversion(action.type)
        built = _class_in(action.type)
        if built is not None:
            told["builds"] = built.__name__
    choices = sorted(action.choices, key=repr) if isinstance(action.choices, (set, frozenset)) else action.choices
    for name, value in (("choices", choices), ("const", action.const), ("default", action.default)):
        plain = list(value) if isinstance(value, (list, tuple)) else value
        if value not in (None, argparse.SUPPRESS) and plain == _plain(plain):
            told[name] = plain
    group = next((group.title for group in live.parser._action_groups if action in group._group_actions), None)
    told["group"] = group
    if action in getattr(live.parser, "_deprecated", ()) or getattr(action, "deprecated", False):
        told["deprecated"] = True
    return told


def _plain(value: Any) -> Any:
    """A value that JSON holds as it is; else something that it does not equal."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, _SCALARS) else object()


def _kind(live: LiveParser, action: Any) -> tuple[str, dict[str, Any]]:
    """What an option does with its values: `store` and `append` them, set one of its own (`set`), leave the program
    (`leave`), or something else."""
    strings = [string for string, known in live.parser._option_string_actions.items() if known is action]
    if action.nargs == 0:
        values = {string: _after(live, action, [], string) for string in strings}
        return ("leave", {}) if any(value is _REFUSED for value in values.values()) else ("set", {"values": values})
    if type(action).__name__ in live.pairs:
        made = vars(sys.modules[type(action).__module__])[live.pairs[type(action).__name__]]
        fields = dataclasses.fields(made)
        needed = [one.name for one in fields if one.default is one.default_factory is dataclasses.MISSING]
        splits_once = _after(live, action, ["a=b=c"], strings[0]) is not _REFUSED
        return "pairs", {"needed": needed, "possible": [one.name for one in fields], "splits_once": splits_once}
    sample: Any = ["x", "y"] if action.nargs in ("+", "*") or isinstance(action.nargs, int) else "x"
    string = strings[0] if strings else None
    after = _after(live, action, sample, string)
    if after == sample:
        return "store", {}
    return ("append", {}) if after == [sample] else ("unknown", {})


def _after(live: LiveParser, action: Any, values: Any, string: str | None) -> Any:
    """What an option leaves in the namespace."""
    namespace = argparse.Namespace()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            action(live.parser, namespace, values, string)
    except BaseException:  # that of `--help` leaves the process
        return _REFUSED
    return getattr(namespace, action.dest, _REFUSED)


# Conversions ----------------------------------------------------------------------------------------------------------


def _conversion(function: Callable[[str], Any]) -> str:
    """The conversion that answers as a library's function does; `unknown` where none is known."""
    if _class_in(function) is not None:
        return _of_class(function)
    answers = [_asked(function, text) for text in _ASKED]
    for name in (*PLAIN, *(f"{OPTIONAL}{plain}" for plain in PLAIN)):
        if [_asked(CONVERSIONS[name], text) for text in _ASKED] == answers:
            return name
    return "unknown"


def _asked(function: Callable[[str], Any], text: str) -> Any:
    try:
        value = function(text)
    except Exception:  # refused, in whatever words
        return _REFUSED
    return type(value).__name__, repr(value)


def _class_in(function: Any, depth: int = 0) -> Any:
    """The dataclass that a function builds: one of its defaults, or of what it encloses."""
    if not inspect.isfunction(function) or depth > 3:
        return None
    enclosed = [*(function.__defaults__ or ()), *(cell.cell_contents for cell in function.__closure__ or ())]
    for one in enclosed:
        if isinstance(one, type) and dataclasses.is_dataclass(one):
            return one
        inner = _class_in(one, depth + 1)
        if inner is not None:
            return inner
    return None


def _of_class(function: Callable[[str], Any]) -> str:
    """How a class is built from text: from a JSON object alone, with short numbers or without."""
    if any(_asked(function, text) is not _REFUSED for text in ("3", "[]", "null", '"x"', "{", "x")):
        return "unknown"
    name = "object"
    try:
        function('{"no_such_field": 1k}')
    except Exception as error:
        name = name if "json" in str(error).lower() and "invalid json" in str(error).lower() else "short_object"
    assert name in OBJECTS
    return f"{OPTIONAL}{name}" if _asked(function, "None") == ("NoneType", "None") else name


# Habits ---------------------------------------------------------------------------------------------------------------


def _habits(live: LiveParser, options: Sequence[Mapping[str, Any]], attached: Sequence[str]) -> dict[str, Any]:
    """What the parser does to words before it reads them, as far as versions differ in it."""
    habits: dict[str, Any] = {}
    known = {string for option in options for string in option.get("strings", ())}
    positional = any("strings" not in option for option in options)
    option, dest, other = (live.named.get(key, "") for key in ("option", "dest", "needs_it"))
    model = live.parse([option, "m"]) if positional and option else None
    refused = "refused" if positional and option else "kept"  # of a command without such a place nobody asks
    habits["model_option"] = refused if model is None else "first" if getattr(model, dest) == "m" else "kept"
    names = live.parse([other, "x"]) if positional and other in known else model
    habits["names_need_a_model"] = positional and names is None
    holder = next((one for holds in (_holds_text, _holds_json) for one in options if holds(one)), None)
    string, dest = ("", "") if holder is None else (max(holder["strings"], key=len), holder["dest"])
    inside = None if holder is None else live.parse([*live.bare, f"{string}.x", "1k"])
    habits["short_numbers_inside"] = inside is not None and vars(inside)[dest] == {"x": 1000}
    habits["attached"] = {f"-{letter}": _attached(live, f"-{letter}") for letter in attached}
    flag = next((one for one in options if one.get("default") is True and one["action"] == "set"), None)
    name = "" if flag is None else next(one for one in flag["strings"] if flag["values"][one] is True)
    habits["file_false"] = flag is not None and _from_file(live, {name: False}, flag["dest"]) is False
    habits["file_objects"] = holder is not None and _from_file(live, {string: {"x": 1}}, dest) == {"x": 1}
    return habits


def _holds_text(option: Mapping[str, Any]) -> bool:
    return str(option.get("type", "")).endswith("object_or_text") and option["nargs"] is None


def _holds_json(option: Mapping[str, Any]) -> bool:
    return str(option.get("type", "")).removeprefix(OPTIONAL) == "json" and option["nargs"] is None


def _attached(live: LiveParser, letter: str) -> str | None:
    """The option that a letter with a value behind it stands for: one of its own, or a key inside the value of one."""
    before, after = live.parse(live.bare), live.parse([*live.bare, f"{letter}3"])
    if after is None:
        return _respelled(live, letter)
    for action in live.parser._actions:
        old, new = getattr(before, action.dest, None), getattr(after, action.dest, None)
        if new in (3, "3") and old not in (3, "3"):
            return str(max(action.option_strings, key=len))
        if letter in action.option_strings and dataclasses.is_dataclass(new):
            keys = [one.name for one in dataclasses.fields(new) if getattr(new, one.name, None) == 3]
            changed = [key for key in keys if getattr(old, key, None) != 3]
            return f"{letter}.{changed[0]}" if changed else None
    return None


def _respelled(live: LiveParser, letter: str) -> str | None:
    """The option that the program writes for a letter which the command does not know, as its parser tells it."""
    said = live.refusal([*live.bare, f"{letter}3"])
    _, _, words = said.partition("unrecognized arguments: ")
    return words.removesuffix(" 3") if words[:2] == "--" and words.endswith(" 3") else None


def _from_file(live: LiveParser, config: Mapping[str, Any], dest: str) -> Any:
    """What an option is that a config file gives."""
    with _file({name.removeprefix("--"): value for name, value in config.items()}) as path:
        return getattr(live.parse([*live.bare, "--config", path]), dest, None)


@contextlib.contextmanager
def _file(config: Mapping[str, Any]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        yield str(path)
