"""What the data of a compiled corpus must look like, so that whatever reads it may rely on it. Cheap: it stands before
every check.
"""

from __future__ import annotations

from pytest_llem_invariants.checker.verdict import CERTIFICATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Shape = Callable[[Any], bool]


def _anything(value: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_text_or_none(value: Any) -> bool:
    return value is None or type(value) is str


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_kind(value: Any) -> bool:
    return value in ("bool", "int", "float", "str", "list")


def _is_certification(value: Any) -> bool:
    return value in CERTIFICATIONS


def _list_of(shape: Shape) -> Shape:
    return lambda value: type(value) is list and all(map(shape, value))


def _map_of(shape: Shape) -> Shape:
    return lambda value: type(value) is dict and all(map(shape, value.values()))


def _record(needed: dict[str, Shape], more: dict[str, Shape] | None = None) -> Shape:
    """A mapping with these keys; what else stands in it is for a reader who knows more."""
    possible = more or {}

    def fits(value: Any) -> bool:
        return (
            type(value) is dict
            and all(name in value and shape(value[name]) for name, shape in needed.items())
            and all(possible[name](value[name]) for name in possible.keys() & value.keys())
        )

    return fits


_TEXTS = _list_of(_is_text)
_NAMES = _map_of(_is_text)
_LIST = _list_of(_anything)
_MAP = _map_of(_anything)


def _is_place(value: Any) -> bool:
    return type(value) is list and len(value) == 6 and all(map(_is_count, value))


def _is_part(value: Any) -> bool:
    return type(value) is list and len(value) == 3 and all(map(_is_count, value))


def _is_section(value: Any) -> bool:
    return type(value) is str or _SECTION(value)


_UNKNOWN_WORD = _record({"message": _is_text}, {"unless": _TEXTS})
_SECTION = _record({"by": _is_text, "classes": _NAMES}, {"ignore": _LIST, "unknown": _UNKNOWN_WORD})
_KIND = _record(
    {"class": _is_text_or_none, "has": _TEXTS},
    {"paths": _TEXTS, "first": _map_of(_TEXTS), "unless_first": _map_of(_TEXTS), "looked_at": _TEXTS},
)
_FORM = _record(
    {},
    {
        "class": _is_text,
        "marks": _TEXTS,
        "where": _MAP,
        "flags": _is_flag,
        "parser": _is_text,
        "abbreviations": _is_flag,
        "versions": _map_of(_record({}, {"ignore": _TEXTS, "fields": _NAMES})),
        "fields": _NAMES,
        "words": _map_of(_MAP),
        "ignore": _TEXTS,
        "inline": _TEXTS,
        "sections": _map_of(_is_section),
        "unset": _LIST,
        "extras": _is_text,
        "elsewhere": _MAP,
        "kinds": _list_of(_KIND),
        "line": _record({"body": _is_text, "route": _is_text}),
    },
)
_COMMAND = _record(
    {"words": _TEXTS},
    {"form": _is_text, "positional": _is_text, "file": _is_text, "attached": _TEXTS, "parser": _is_text},
)
_OWN_MODEL = _record(
    {"field": _is_text},
    {
        "changed_by": _map_of(_TEXTS),
        "laid_over": _is_text,
        "unchanged_at": _map_of(_LIST),
        "elsewhere": _map_of(_is_text),
        "code": _map_of(_is_text),
    },
)
_SERVED = _record({"form": _is_text, "facts": _map_of(_record({"field": _is_text}, {"unknown": _LIST}))})
_IMAGE = _record({"name": _is_text}, {"runs": _TEXTS, "tagged": _is_flag})
_CALL = _record({"form": _is_text}, {"positional": _TEXTS})
_FILES = _record(
    {"traces": _TEXTS},
    {"images": _list_of(_IMAGE), "package": _is_text, "calls": _map_of(_CALL), "sections": _NAMES, "names": _NAMES}
    | {"plugins": _map_of(_record({"traces": _TEXTS}, {"values": _TEXTS, "fields": _is_flag}))}
    | {"stands_for": _list_of(_record({"words": _TEXTS, "command": _TEXTS}))},
)
_ROUTES = _record(
    {},
    {"forms": _map_of(_FORM), "commands": _list_of(_COMMAND), "model": _OWN_MODEL, "files": _FILES, "served": _SERVED}
    | {"announced": _TEXTS},
)


def is_routes(value: Any) -> bool:
    """Whether documents can be routed by it, each command by a form that is there, or by a parser alone."""
    if not _ROUTES(value):
        return False
    forms = value.get("forms", {})
    commands = value.get("commands", ())
    return all("class" in forms.get(one["form"], ()) if "form" in one else "parser" in one for one in commands)


def is_commands(value: Any) -> bool:
    """Whether a command line can be read by it."""
    return _map_of(_PARSER)(value)


def _is_action(value: Any) -> bool:
    """Destination, what is done, how many values, the conversion, the choices, and what else there is to know."""
    return type(value) is list and len(value) == 6 and all(map(_is_text, (value[0], value[1], value[3])))


_PARSER = _record(
    {"actions": _list_of(_is_action), "strings": _map_of(_is_count), "positional": _list_of(_is_count), "habits": _MAP},
    {
        "required": _list_of(_is_count),
        "on": _list_of(_is_count),
        "rules": _list_of(_record({"if": _list_of(_LIST), "says": _is_text}, {"needs": _TEXTS, "names": _TEXTS})),
    },
)


def _is_proven(value: Any) -> bool:
    """A default, the keys of a type of model with one, or what its lengths are made of."""
    return type(value) is not dict or _TEXTS(value.get("keys")) or _is_split(value)


is_model = _map_of(_is_proven)
"""Whether facts about a model can be found by what a table has of one of its names."""
_LENGTHS = {"products": _list_of(_TEXTS), "layers": _TEXTS, "knows": _TEXTS, "spoken": _TEXTS, "left_out": _TEXTS}
_is_split = _record({"architecture": _is_text, **_LENGTHS, "with": _map_of(_record(_LENGTHS, {}))}, {})
_FACT = _record(
    {"values": _LIST},
    {
        "type": _is_kind,
        "least": _is_count,
        "keys": _TEXTS,
        "of": lambda value: value in ("text", "config"),
        "unless": _TEXTS,
        "lowered_by": _TEXTS,
        "file": _is_text,
        "from": _is_text,
        "unless_only": _map_of(_TEXTS),
        "unless_null": _TEXTS,
        "harmless": _map_of(_TEXTS),
    },
)
is_head = _record(
    {
        "engine": _is_text,
        "engine_version": _is_text,
        "certification": _is_certification,
        "environment": _is_text_or_none,
        "context": _map_of(_FACT),
        "routes": is_routes,
        "classes": _map_of(_is_place),
    },
    {"key": _is_text_or_none, "models": _is_part, "commands": _is_part},
)


def _is_gone(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and _is_text(value[0]) and _is_text_or_none(value[1])


_IS_CLASS = _record(
    {
        "certification": _is_certification,
        "tests": _NAMES,
        "always": _is_text_or_none,
        "reads": _TEXTS,
        "rules": lambda value: type(value) is list and {*map(type, value)} <= {int},
    },
    {
        "accepts_extra": _is_flag,
        "fields": _map_of(_TEXTS),
        "sections": _NAMES,
        "gone": _map_of(_is_gone),
        "deprecated": _map_of(_record({}, {"by": _is_text_or_none, "note": _is_text_or_none})),
    },
)


def is_class(value: Any) -> bool:
    """Whether a class can be checked by it: what is known of its fields is known of all of it."""
    if not _IS_CLASS(value):
        return False
    together = ("fields", "accepts_extra", "gone", "deprecated")
    return len({name in value for name in together}) == 1


def _is_piece(value: Any) -> bool:
    """Fixed text of a message, or a hole."""
    return type(value) is str or (type(value) is list and len(value) == 2 and all(map(_is_text, value)))


_PIECES = _list_of(_is_piece)


def _is_condition(value: Any) -> bool:
    """Facts, and a clause about them."""
    return type(value) is list and len(value) == 2 and _TEXTS(value[0]) and _PIECES(value[1])


def _is_target(value: Any) -> bool:
    """What to write, as data: see `Way.target`."""
    if value is None:
        return True
    if type(value) is not list or not value:
        return False
    kind, *rest = value
    if kind == "values":
        return all(type(one) in (bool, int, float, str) for one in rest)
    if kind == "keys":
        return _TEXTS(rest)
    kinds: dict[Any, tuple[type, ...]] = {"fact": (str, int), "divisor": (str,), "multiple": (int,)}
    return type(kind) is str and tuple(map(type, rest)) == kinds.get(kind)


def _is_way(value: Any) -> bool:
    """One of the ways out of a rule, as its record in `suggest` has them."""
    tests = (_is_text, _TEXTS, _is_flag, _is_text_or_none, _is_flag, _is_target)
    if type(value) is not list or len(value) != len(tests):
        return False
    return all(test(part) for test, part in zip(tests, value, strict=True))


def _are_examples(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and all(map(_MAP, value))


is_rule = _record(
    {
        "id": _is_text,
        "severity": lambda value: value in ("error", "warn", "dormant"),
        "fields": _TEXTS,
        "anchors": _TEXTS,
        "summary": _is_text,
        "guard": _is_text,
        "method": _is_text,
        "suggestion": _is_text,
        "when": _is_text,
        "certification": _is_certification,
    },
    {
        "names": _NAMES,
        "words": _PIECES,
        "open": _list_of(_is_condition),
        "ways": _list_of(_is_way),
        "defaults": _MAP,
        "context": _TEXTS,
        "examples": _are_examples,
        "typed_examples": _are_examples,
    },
)
