"""An environment variable that nobody reads goes from a manifest, a compose file, a script or a Dockerfile."""

from __future__ import annotations

import re
from typing import Final

import yaml

from pytest_llem_invariants.readers import edits
from pytest_llem_invariants.readers.edits import Change, Span, UnsureError
from pytest_llem_invariants.readers.source import Place

_VALUE: Final = r"(?:[\w./:,@%+-]*|\"[^\"$`\\\n]*\"|'[^'\n]*')"
_DECLARES: Final = re.compile(
    r"(?:^|[\s;&|])(?:export|declare|typeset|readonly|local|ENV|env)(?:[ \t]+-\w+)*[ \t]+\Z|^Environment=[ \t]*\Z"
)
_OPENS: Final = re.compile(r"(?:\b(?:then|do|else)|[{()])[ \t]*(?:#[^\n]*)?\n\s*\Z")
_CLOSES: Final = re.compile(r"\s*(?:(?:fi|done|elif|else|esac)\b|;;|[})])")
"""What stands before and behind the one command of a block."""
_GIVES: Final = re.compile(r"(?:^|\s)(?:-e|--env)[ \t]+\Z")


def without_variable(text: str, name: str, place: Place) -> Change:
    """The text without what sets a variable at a place."""
    _is_only_set(text, name)
    at = edits.offset(text, place)
    is_quoted = text[at : at + 1] in ("'", '"')
    start = at + is_quoted
    if not text.startswith(name, start):
        raise UnsureError("it is not written in the letters that are read")
    if text[start + len(name) : start + len(name) + 1] == "=":
        return Change(_word(text, name, at, is_quoted=is_quoted))
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if re.search(r"\bname[\"']?:[ \t]+\Z", line):
        return Change(_named(text, at))
    return edits.without_key(text, name, place, is_json=False)


def _is_only_set(text: str, name: str) -> None:
    """UnsureError where a text does more with a variable than to set it: whatever reads it is not to miss it."""
    for found in re.finditer(rf"(?<![\w]){re.escape(name)}(?!\w)", text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        is_set = re.match(r"=(?!=)|[\"']?:|[\"']?[ \t]*(?:#.*)?$", text[found.end() :], re.MULTILINE) is not None
        if "$" in line[-2:] or not (is_set or line.lstrip().startswith("#")):
            raise UnsureError("the file reads it, too")


def _word(text: str, name: str, at: int, *, is_quoted: bool) -> Span:
    """`NAME=value` as an item of a list, before a command, behind `export`, `ENV` or `-e`."""
    pattern = rf"(['\"]){name}=[^'\"\n$`\\]*\1" if is_quoted else rf"{name}={_VALUE}"
    found = re.compile(rf"(?:{pattern})(?=[\s;&|]|\\\r?\n|\Z)").match(text, at)
    if found is None:
        raise UnsureError("its value is not told")
    line = text.rfind("\n", 0, at) + 1
    before, end = text[line:at], found.end()
    after = text[end : edits.end_of_line(text, end)]
    if re.fullmatch(r"[ \t]*-[ \t]+", before):
        return _item(text, at, end)
    given = _GIVES.search(before)
    if given is not None:
        option = line + given.start() + (given[0][0].isspace())
        return edits.without_parts(text, [(option, option + len(given[0].split()[0])), (at, end)])
    declares = _DECLARES.search(before)
    if declares is None or declares[0].split()[-1] == "env":
        return edits.in_script(text, at, end)
    if re.match(r"[ \t]+['\"]?[A-Za-z_]\w*=", after):  # another one is set by the same word
        return Span(at, end + len(after) - len(after.lstrip(" \t")))
    if before[: declares.start()].strip() or after.strip():
        raise UnsureError("its line holds something else")
    if _OPENS.search(text[max(0, line - 300) : line]) and _CLOSES.match(text, end + len(after)):
        raise UnsureError("nothing would be left of its block")
    return edits.lines(text, line, end + len(after))


def _item(text: str, at: int, end: int) -> Span:
    """An item of a list that is a text."""
    for node in edits.nodes(text):
        if isinstance(node, yaml.SequenceNode) and any(item.start_mark.index == at for item in node.value):
            return _lines_of(text, node, at, end)
    raise UnsureError("its place is not known")


def _named(text: str, at: int) -> Span:
    """An item of a list that is `{name: NAME, value: …}`."""
    for node in edits.nodes(text):
        if not isinstance(node, yaml.SequenceNode):
            continue
        for item in node.value:
            if not isinstance(item, yaml.MappingNode) or item.flow_style:
                continue
            if any(value.start_mark.index == at for _, value in item.value):
                if {key.value for key, _ in item.value} - {"name", "value"}:
                    raise UnsureError("more is said of it than a value")
                last = item.value[-1][1]
                if not isinstance(last, yaml.ScalarNode) or last.style in ("|", ">"):
                    raise UnsureError("its value has more than one line")
                return _lines_of(text, node, item.start_mark.index, last.end_mark.index)
    raise UnsureError("its place is not known")


def _lines_of(text: str, node: yaml.SequenceNode, start: int, end: int) -> Span:
    """The lines of an item, which is not the only one."""
    line, stop = text.rfind("\n", 0, start) + 1, edits.end_of_line(text, end)
    if len(node.value) == 1:
        raise UnsureError("nothing would be left of its list")
    if not re.fullmatch(r"[ \t]*-[ \t]+", text[line:start]) or not re.fullmatch(r"[ \t]*(?:#.*)?\r?", text[end:stop]):
        raise UnsureError("its lines hold something else")
    return edits.lines(text, line, stop)
