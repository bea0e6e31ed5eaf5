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
    for at, length in _places(whole):
        yield _name(at), text[body + at : body + at + length]


def _places(whole: Compiled) -> list[tuple[int, int]]:
    """Where each part begins, and its length."""
    places = [part for entry in whole.head["classes"].values() for part in (entry[:3], entry[3:6])]
    places += [whole.head[name] for name in ("models", "commands") if name in whole.head]
    return sorted((at, length) for at, length, _ in places)


def _name(at: int) -> str:
    return f"{at}.json"


def fetched(read: Read, path: str) -> Compiled:
    """The compiled corpus whose parts a function brings, each when something of it is first asked for."""
    head = read(HEAD)
    body = head.index(b"\n") + 1
    brought: dict[int, bytes] = {}

    def read_at(at: int, length: int | None) -> bytes:
        begins = max(begin for begin in begins_of_all if begin <= at - body)
        if begins not in brought:
            brought[begins] = read(_name(begins))
        return brought[begins][at - body - begins :][:length]

    whole = parse(head, path, None, read_at)
    assert whole is not None
    begins_of_all = [begin for begin, _ in _places(whole)]
    return whole
