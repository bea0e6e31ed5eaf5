"""A compiled corpus in parts: the head, and each class by itself, for whoever can only fetch whole files."""

from __future__ import annotations

from pytest_llem_invariants.checker.layout import Compiled, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[str], bytes]

HEAD = "head.json"


def parts(text: bytes) -> Iterator[tuple[str, bytes]]:
    """The name and contents of each part of a compiled corpus."""
    whole = parse(text, "a compiled corpus")
    assert whole is not None
    body = text.index(b"\n") + 1
    yield HEAD, text[:body]
    places = [part for entry in whole.head["classes"].values() for part in (entry[:3], entry[3:6])]
    places += [whole.head[name] for name in ("models", "commands") if name in whole.head]
    for at, length, _ in sorted(map(tuple, places)):
        yield _name(at), text[body + at : body + at + length]


def _name(at: int) -> str:
    return f"{at}.json"


class _Fetched(Compiled):
    """A compiled corpus of which each part is brought by its place."""

    __slots__ = ("_bring",)

    def __init__(self, head: Compiled, bring: Read) -> None:
        super().__init__(head.head, b"", 0, head.path)
        self._bring = bring

    def _bytes(self, at: int, length: int) -> bytes:
        return self._bring(_name(at)) if length else b""


def fetched(read: Read, path: str) -> Compiled:
    """The compiled corpus whose parts a function brings, each when it is first asked for."""
    whole = parse(read(HEAD), path)
    assert whole is not None
    return _Fetched(whole, read)
