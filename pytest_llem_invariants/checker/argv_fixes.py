"""What to write instead of a word that the program's parser refuses, where that is plain to see."""

from __future__ import annotations

import json
import re

from pytest_llem_invariants.checker.changes import LEFT_OUT, SET, SWITCHED, Edit
from pytest_llem_invariants.text.conversions import OPTIONAL
from pytest_llem_invariants.text.untold import HYPHENS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv import CommandParser

    Remedy = tuple[str, Edit | None]
    """What to write instead, in words and as a change of the line."""

_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_PAIRS = re.compile(r"[\w.-]+=[^=,\s]+(,[\w.-]+=[^=,\s]+)*")
_LONGEST = 2000


def fix_of_word(parser: CommandParser, words: Sequence[Any], at: int, text: str) -> Remedy:
    """What to write instead of the word that a message of the parser is about; nothing where nobody knows."""
    word, before = words[at], words[at - 1] if at else None
    if type(word) is not str or len(word) > _LONGEST:
        return _NOTHING
    if text.startswith("unrecognized arguments: "):
        if word[:1] in HYPHENS:
            meant = f"--{word.lstrip(''.join(HYPHENS) + '-')}"
            return f"write {meant}: options begin with two hyphens", None
        return _of_switch(parser, before, word) if type(before) is str else _NOTHING
    name, equals, value = word.partition("=")
    if "ignored explicit argument" in text:
        if word[1:2] != "-" and parser.action_of(f"-{name}") is not None:
            return f"write -{name}: options of more than a letter begin with two hyphens", None
        return _of_switch(parser, name, value)
    if not equals and at + 1 < len(words):
        value = words[at + 1]
    return _of_value(parser, name, value, text) if type(value) is str else _NOTHING


_NOTHING: Remedy = ("", None)


def _of_switch(parser: CommandParser, name: str, value: str) -> Remedy:
    """An option that takes no value, beside one."""
    action = parser.action_of(name)
    if action is None or action[1] != "set":
        return _NOTHING
    said: Mapping[str, Any] = action[5]
    as_written, name = name, parser.name_of(name)
    truth = _TRUTHS.get(value.lower())
    if truth is None or not isinstance(said.get(name), bool):
        alone = Edit(SWITCHED, name, field=as_written, is_certain=False)
        return f"write {name} alone: it takes no value", alone
    turned = said[name] if truth else not said[name]
    options = [name] if turned == said[name] else [option for option, means in said.items() if means is turned]
    if not options:
        out = Edit(LEFT_OUT, field=as_written, takes=True, is_certain=False)
        return f"leave it out: {name} takes no value, and without it stays {'off' if said[name] else 'on'}", out
    meant = min(options, key=lambda option: (_is_other(option, name), len(option)))
    return f"write {meant}: it takes no value", Edit(SWITCHED, meant, field=as_written)


def _is_other(option: str, name: str) -> bool:
    """Whether an option is not the other half of one by its name."""
    halves = {f"--no-{name[2:]}", name.replace("--no-", "--", 1)}
    return option != name and option not in halves


def _of_value(parser: CommandParser, name: str, value: str, text: str) -> Remedy:
    action = parser.action_of(name)
    if action is None:
        return _NOTHING
    as_written, name = name, parser.name_of(name)
    if "invalid choice" in text:
        from pytest_llem_invariants.text.likeness import near_names

        near = near_names(value.lower(), [str(one) for one in action[4]])
        return (
            (f"did you mean {near[0]}?", Edit(SET, near[0], field=as_written, is_certain=False)) if near else _NOTHING
        )
    kind = action[3].removeprefix(OPTIONAL)
    if "invalid" not in text or not ("object" in kind or kind == "json"):
        return _NOTHING
    meant = _meant(value)
    if meant is not None:
        return f"write {name} '{json.dumps(meant)}'", None
    return f"""give a JSON object: {name} '{{"KEY": VALUE}}', or a key of it: {name}.KEY VALUE""", None


def _meant(text: str) -> dict[str, Any] | None:
    """The mapping that a text is but for its quotes: `a=1,b=2`, Python's, or one whose quotes a shell has taken."""
    if _PAIRS.fullmatch(text):
        return {key: _plain(value) for key, _, value in (pair.partition("=") for pair in text.split(","))}
    if not (text[:1] == "{" and text[-1:] == "}"):
        return None
    import ast

    try:
        read = ast.literal_eval(text)
        json.dumps(read)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        read = _without_quotes(text)
    return read if type(read) is dict and read and all(type(key) is str for key in read) else None


def _without_quotes(text: str) -> Any:
    from pytest_llem_invariants.errors import LlemError
    from pytest_llem_invariants.text.yaml_reader import load_yaml

    try:
        return load_yaml(re.sub(r":(?=\S)", ": ", text)).data
    except (LlemError, ValueError):
        return None


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
