"""Edits of a file of `engine_versions/` at one place each: comments, order and spelling of all else stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import yaml
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from pytest_llem_invariants.errors import MinerError

_PLAIN: Final = re.compile(r"[A-Za-z/][\w./:@-]*\Z")
"""A text that YAML reads as itself without quotes."""


def with_version(text: str, new: str) -> str:
    """The library's version; in the image, too, where its tag names the old one."""
    node = _node(text, ("version",))
    image = _find(text, ("image",))
    edits = [(node, _quoted(new))]
    if isinstance(image, yaml.ScalarNode) and node.value in image.value:
        edits.append((image, _scalar(image.value.replace(node.value, new))))
    return _replaced(text, edits)


def with_pin(text: str, role: str, specifier: str) -> str:
    """The specifier of one producer."""
    return _replaced(text, [(_node(text, ("miner_pins", role)), _quoted(specifier))])


def with_history(text: str, versions: Iterable[str]) -> str:
    """The versions whose corpora are kept, as one more of those that were listed before."""
    node = _find(text, ("history",))
    known = [] if not isinstance(node, yaml.SequenceNode) else [str(one.value) for one in node.value]
    wanted = sorted({*known, *versions}, key=Version)
    if wanted == known:
        return text
    if node is None:
        return f"{text.rstrip()}\n\nhistory: {_flow(wanted)}\n"
    return _replaced(text, [(node, _flow(wanted))])


def widened(pin: str, version: str) -> str:
    """A specifier that takes a version in: bounds and exclusions that leave it out give way, the others stay.

    An upper bound moves behind the version's series, a lower bound to the version itself.
    """
    kept: list[str] = []
    for part in (part for one in SpecifierSet(pin) for part in _bounds(one)):
        if part.contains(version, prereleases=True):
            kept.append(str(part))
        elif part.operator.startswith("<"):
            kept.append(f"<{_after(Version(version), len(Version(part.version).release))}")
        elif part.operator.startswith(">"):
            kept.append(f">={version}")
    return ",".join(sorted(dict.fromkeys(kept), key=lambda said: (said[0] == "!", said[0] == "<", said)))


def _bounds(one: Specifier) -> Iterator[Specifier]:
    """A specifier as bounds: what names one version, or one series, is a range of it."""
    release = Version(one.version.removesuffix(".*")).release
    match one.operator:
        case "~=":
            series, low = release[:-1], one.version
        case "==" if one.version.endswith(".*"):
            series, low = release, one.version.removesuffix(".*")
        case "==" | "===":
            yield from (Specifier(f">={one.version}"), Specifier(f"<={one.version}"))
            return
        case _:
            yield one
            return
    yield Specifier(f">={low}")
    yield Specifier(f"<{'.'.join(map(str, (*series[:-1], series[-1] + 1)))}")


def _after(version: Version, parts: int) -> str:
    """The first release behind the version's series: its major one where a bound had one part, else its minor one."""
    return str(version.major + 1) if parts == 1 else f"{version.major}.{version.minor + 1}"


def _flow(versions: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, versions))}]"


def _scalar(text: str) -> str:
    return text if _PLAIN.match(text) else _quoted(text)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _find(text: str, path: Sequence[str]) -> yaml.Node | None:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == name), None)
    return node


def _node(text: str, path: Sequence[str]) -> yaml.ScalarNode:
    node = _find(text, path)
    if not isinstance(node, yaml.ScalarNode):
        raise MinerError(f"the engine's file has no {'.'.join(path)} — add it to engine_versions/")
    return node


def _replaced(text: str, edits: Iterable[tuple[yaml.Node, str]]) -> str:
    for node, new in sorted(edits, key=lambda edit: edit[0].start_mark.index, reverse=True):
        text = text[: node.start_mark.index] + new + text[_end(text, node) :]
    return text


def _end(text: str, node: yaml.Node) -> int:
    """Where a node's own characters end: a block of lines ends for YAML where the next key begins."""
    end = node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        own = text[node.start_mark.index : end]
        last = max(child.end_mark.index for child in node.value) if node.value else end
        return min(last, node.start_mark.index + len(own.rstrip()))
    return int(end)
