"""Facts by name, given, absent or unknown: a group of which nothing is known has no absent facts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any


class Facts(dict[str, "Any"]):
    """Dotted name → value. A name under a `whole` prefix that is not given is known to be absent.

    `paths` are the files that groups of them were read from.
    """

    __slots__ = ("paths", "whole")

    def __init__(
        self, given: Mapping[str, Any], whole: Iterable[str] = (), paths: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(given)
        self.whole = tuple(sorted(set(whole)))
        self.paths = dict(paths or {})

    def is_known(self, name: str) -> bool:
        """Whether the fact is given, or known to be absent."""
        return name in self or name.startswith(self.whole)

    def with_more(self, others: Facts) -> Facts:
        """These facts with others laid over them."""
        return Facts({**self, **others}, (*self.whole, *others.whole), {**self.paths, **others.paths})

    def path_of(self, group: str) -> str | None:
        """The file that a group of facts was read from, if any."""
        return self.paths.get(group)


def flattened(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A nested mapping as dotted names; a mapping stands under its own name, too, so that it can be asked for whole."""
    yield prefix, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flattened(f"{prefix}.{key}", inner)
