"""Which request a body is: by the route of a batch line, else by the fields that only it has."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import Any, Protocol

    class _Tests(Protocol):
        @property
        def known_fields(self) -> Iterable[str]: ...

    class _Corpus(Protocol):
        @property
        def native_types(self) -> Collection[str]: ...

        def class_checker(self, name: str) -> _Tests: ...


ALL_OF_IT = "told"
"""What a form says of its extras where every key that its class does not know is dropped without a word."""


def body_of(
    form: Mapping[str, Any], config: Mapping[str, Any]
) -> tuple[tuple[str, ...], Mapping[str, Any], str | None]:
    """The body in a document, where it is written there, and the route that the document names, if any."""
    line: Mapping[str, str] = form.get("line", {})
    inner = config.get(line["body"]) if line else None
    if not isinstance(inner, dict):
        return (), config, None
    path = config.get(line["route"])
    return (line["body"],), inner, path if isinstance(path, str) else None


def kind_of(
    corpus: _Corpus, form: Mapping[str, Any], body: Mapping[str, Any], path: str | None
) -> Mapping[str, Any] | None:
    """The form of the request that a body is; None where the corpus knows none of its class.

    Of several that have their fields there, that which knows most of the keys, the first of them; one that asks for
    the kind of an element before those that do not.
    """
    known = corpus.native_types
    kinds = form["kinds"]
    if path is not None:  # a kind of no class is one of which nothing is known but its route
        kinds = [kind for kind in kinds if kind["class"] in known or kind["class"] is None]
    at_path = [] if path is None else [kind for kind in kinds if _leads_to(path, kind.get("paths", ()))]
    named = [kind for kind in at_path or kinds if kind["has"][0] in body and (at_path or kind["class"] in known)]
    found = [kind for kind in named if all(key in body for key in kind["has"]) and _may_be(kind, body)]
    if at_path and not found:
        found = [kind for kind in at_path if _may_be(kind, body)][:1]
    if not found:
        return None

    def keys_known(kind: Mapping[str, Any]) -> tuple[bool, int]:
        fields = () if kind["class"] is None else corpus.class_checker(kind["class"]).known_fields
        return "first" in kind, sum(key in fields for key in _keys(form, body))

    best = found[0] if len(found) == 1 else max(found, key=keys_known)
    told = {"class": best["class"], "inline": form.get("inline", ()), "extras": ALL_OF_IT}
    return {**told, "looked_at": best["looked_at"]} if "looked_at" in best else told


def _may_be(kind: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether the first elements of the fields are of the kinds that this request asks for there, and of no other's."""
    asked, others = kind.get("first", {}), kind.get("unless_first", {})
    return all(not _first_kinds(body, field).isdisjoint(kinds) for field, kinds in asked.items()) and all(
        _first_kinds(body, field).isdisjoint(kinds) for field, kinds in others.items()
    )


def _first_kinds(body: Mapping[str, Any], field: str) -> frozenset[str]:
    """What the first element of a field is: `list`, and `list of dict` where a mapping is its own first."""
    value = body.get(field)
    if not isinstance(value, list) or not value:
        return frozenset()
    name = type(value[0]).__name__
    inner = value[0][0] if isinstance(value[0], list) and value[0] else None
    return frozenset([name] if inner is None else [name, f"{name} of {type(inner).__name__}"])


def _leads_to(path: str, routes: Iterable[str]) -> bool:
    """Whether a path, with or without a server before it, is one of the routes."""
    bare = path.partition("?")[0].rstrip("/")
    return any(bare.endswith(route) for route in routes)


def _keys(form: Mapping[str, Any], body: Mapping[str, Any]) -> set[str]:
    inlined = [body[key] for key in form.get("inline", ()) if isinstance(body.get(key), dict)]
    return {str(key) for part in (body, *inlined) for key in part}
