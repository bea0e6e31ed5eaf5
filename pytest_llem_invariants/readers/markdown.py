"""The fenced blocks of a page, each in its language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pytest_llem_invariants.readers import python_calls
from pytest_llem_invariants.readers.declared import Engine, traces
from pytest_llem_invariants.readers.found import FILLED, Beside, Found
from pytest_llem_invariants.readers.launches import in_script
from pytest_llem_invariants.readers.source import Source

_FENCE: Final = re.compile(r"^(?P<margin>[ \t>]*)(?P<fence>```+|~~~+)[ \t]*(?P<told>[^`\n]*)$", re.MULTILINE)
_LANGUAGE: Final = re.compile(r"(?:\{code(?:-block)?\}|\{)?\s*\.?([A-Za-z0-9_+-]*)")
_SHELL: Final = frozenset(
    {"", "bash", "sh", "shell", "console", "shell-session", "zsh", "text", "none", "terminal", "cmd"}
)
_SESSION: Final = frozenset({"console", "shell-session", "terminal"})
_PROMPT: Final = re.compile(r"[ \t]*(?:\([\w.-]+\)[ \t]*)?[$#%>][ \t]+\S")
_YAML: Final = frozenset({"yaml", "yml"})
_PYTHON: Final = frozenset({"python", "py", "python3"})
_READ: Final = _SHELL | _YAML | _PYTHON
_OPTION: Final = re.compile(r"^[ \t]*:[a-z-]+:.*$", re.MULTILINE)
_PLACEHOLDER: Final = re.compile(r"(?<=[\s=\"'/])<[A-Za-z][\w .:/-]{0,60}>")
"""What a reader of the page puts something in for."""

_OPEN: Final = frozenset({"", "text", "none"})
_IS_YAML: Final = re.compile(r"^[ \t]*(?:apiVersion|kind|services|spec|containers|servingEngineSpec):", re.MULTILINE)
Script = Callable[[Source, Sequence[Engine], Beside], Iterator[Found]]
Reader = Callable[[Source, Sequence[Engine], int], Iterator[Found]]


def pages(
    source: Source,
    known: Sequence[Engine],
    beside: Beside,
    yaml: Reader,
    depth: int = 0,
    script: Script = in_script,
) -> Iterator[Found]:
    """What the blocks of a page hold; `yaml` and `script` read those that are one."""
    for language, start, end, margin in _blocks(source.text):
        if language not in _READ:
            continue
        if language in _SHELL and not any(source.text.find(trace, start, end) >= 0 for trace in traces(known)):
            continue
        block = _dedented(source, start, source.text[start:end], margin)
        if language in _SHELL:
            found = list(script(_without_prompts(block, is_session=language in _SESSION), known, beside))
            is_open = not found and language in _OPEN and _IS_YAML.search(block.text) is not None
            yield from yaml(block, known, depth) if is_open else found
        elif language in _YAML:
            yield from yaml(block, known, depth)
        elif language in _PYTHON:
            yield from python_calls.read(block, known)


def _blocks(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Language, begin and end of each fenced block, and how far its page moves it to the right."""
    at = 0
    while True:
        opened = _FENCE.search(text, at)
        if opened is None:
            return
        start = opened.end() + 1
        at = start
        margin = len(opened["margin"])
        for closing in _FENCE.finditer(text, start):
            if closing["fence"].startswith(opened["fence"]) and not closing["told"].strip():
                found = _LANGUAGE.match(opened["told"].strip())
                yield (found[1].lower() if found else ""), start, closing.start(), margin
                at = closing.end()
                break
        if at >= len(text):
            return


def _dedented(source: Source, start: int, body: str, margin: int) -> Source:
    """A block without what its page moves it to the right by."""
    starts: list[tuple[int, int, int]] = []
    lines: list[str] = []
    at, length = start, 0
    for line in body.split("\n"):
        cut = min(margin, len(line) - len(line.lstrip(" \t>")))
        starts.append((length, *source.place(at + cut)))
        lines.append(line[cut:])
        at += len(line) + 1
        length += len(line) - cut + 1
    return Source("\n".join(lines), starts)


def _without_prompts(block: Source, *, is_session: bool) -> Source:
    """A block with what a terminal or a page puts before its lines, and in a session the output, blanked out."""

    def blank(found: re.Match[str]) -> str:
        return " " * len(found[0])

    text = _PLACEHOLDER.sub(lambda found: FILLED * len(found[0]), _OPTION.sub(blank, block.text))
    if "$ " in text:
        text = _without_output(text) if is_session else text
        text = re.sub(r"^[ \t]*\$[ \t](?=\S)", blank, text, flags=re.MULTILINE)
    return block.part(0, len(block.text), text)


def _without_output(text: str) -> str:
    """A session in which what is typed has a prompt: other lines are what the programs say."""
    lines: list[str] = []
    typed = ""  # since the last prompt, while it goes on
    for line in text.split("\n"):
        is_typed = bool(typed) or _PROMPT.match(line) is not None
        typed = f"{typed}\n{line}" if is_typed else ""
        if not _goes_on(typed):
            typed = ""
        lines.append(line if is_typed else " " * len(line))
    return "\n".join(lines) if _PROMPT.search(text) else text


def _goes_on(typed: str) -> bool:
    """Whether the next line belongs to it: behind a backslash, within quotes or in a document."""
    if len(typed) > _LONGEST:
        return False
    begun = _DOCUMENT.search(typed)
    if begun is not None and not re.search(rf"\n[ \t]*{begun[1]}[ \t]*\Z", typed):
        return True
    return typed.endswith("\\") or _OPEN_QUOTE.search(_QUOTED.sub("", typed)) is not None


_LONGEST: Final = 8 * 1024
_DOCUMENT: Final = re.compile(r"<<-?[ \t]*['\"]?(\w+)")
_QUOTED: Final = re.compile(r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_OPEN_QUOTE: Final = re.compile(r"['\"]")


def read(source: Source, known: Sequence[Engine], yaml: Reader, script: Script) -> Iterator[Found]:
    """What the blocks of a whole page hold."""
    yield from pages(source, known, Beside(), yaml, script=script)
