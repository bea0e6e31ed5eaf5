"""What a config asks for that decides how much memory is needed, in our own names. Which field says it is data."""

from __future__ import annotations

from typing import NamedTuple

from pytest_llem_invariants.fit.laws import UnknownSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_LARGEST = 2**40
_WIDTHS = {"float32": 4, "float": 4, "float16": 2, "half": 2, "bfloat16": 2}
_SHORTENED = (-1, "auto")


class Settings(NamedTuple):
    """The arguments of an engine as far as memory depends on them; None where they are not given."""

    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    context: int = 1
    length: int | None = None
    shortened: bool = False
    """Whether the engine takes the greatest length that fits."""
    utilization: float | None = None
    cache_width: int | None = None
    """The bytes of a number in a cache; None: as in the model."""
    width: int = 2
    """The bytes of a number of the model."""
    block: int | None = None
    batch: int | None = None
    requests: int | None = None
    quantization: str | None = None
    eager: bool = False
    prefix: bool = True
    hybrid: bool = True
    cache_bytes: int | None = None
    offload: int = 0
    state_width: int | None = None
    of_rest: float | None = None
    """The share that caches may take of what is left, where the engine asks for that and not for one of the whole."""
    spread: bool = False
    """Whether the engine puts the layers on all devices that there are."""
    narrowed: bool = False
    """Whether parts of the model may be left out."""
    adapters: tuple[int, int] | None = None
    """The slots for adapters and the greatest rank of one, where the engine takes any."""
    more: tuple[str, ...] = ()
    """What else takes memory, and is not counted."""

    @property
    def gpus(self) -> int:
        """The devices of one replica."""
        return self.tensor * self.pipeline


def settings_of(given: Mapping[str, Any], declared: Mapping[str, Any]) -> Settings:
    """The settings of a config; UnknownSizeError where one of them has the library do what is not counted here."""
    fields: Mapping[str, str] = declared["fields"]
    for field in declared.get("unsaid", ()):
        if given.get(field):
            raise UnknownSizeError(f"{field} is given")

    for field, values in declared.get("unsaid_values", {}).items():
        if given.get(field) in values:
            raise UnknownSizeError(f"{field} is {given[field]!r}")

    def said(name: str) -> Any:
        return _at(given, fields[name]) if name in fields else None

    def count(name: str, default: int | None = None) -> Any:
        value = said(name)
        if value is None:
            return default
        if type(value) is not int or not 0 < value < _LARGEST:
            raise UnknownSizeError(f"{fields[name]} is {value!r}")
        return value

    return Settings(
        tensor=count("tensor", 1),
        pipeline=count("pipeline", 1),
        data=count("data", 1),
        context=count("context", 1),
        length=None if said("length") in _SHORTENED else count("length"),
        shortened=said("length") in _SHORTENED,
        utilization=_share(said("utilization")),
        cache_width=_width_of_cache(said("cache_dtype"), declared.get("widths", {})),
        width=_width(said("dtype"), declared.get("usual_width", 2)),
        block=count("block", declared.get("block")),
        batch=count("batch"),
        requests=count("requests"),
        quantization=said("quantization") if type(said("quantization")) is str else None,
        eager=said("eager") is True or declared.get("eager") is True,
        prefix=said("prefix") is not False,
        hybrid=said("unhybrid") is not True,
        cache_bytes=count("cache_bytes"),
        offload=_gibibytes(said("offload")),
        state_width=_state(said("state_dtype")),
        of_rest=_share(said("of_rest")) or declared.get("of_rest"),
        spread=said("spread") in declared.get("spreads", ()),
        narrowed=any(given.get(field) for field in declared.get("narrowed", ())),
        adapters=_adapters(given, declared.get("adapters")),
        more=tuple(_more(given, declared)),
    )


def _adapters(given: Mapping[str, Any], declared: Mapping[str, Any] | None) -> tuple[int, int] | None:
    """How many adapters there is room for at once, and of what rank."""
    if declared is None or not given.get(declared["given"]):
        return None
    said = [given.get(declared[name]) for name in ("slots", "rank")]
    found = [usual if one is None else one for one, usual in zip(said, declared["usual"], strict=True)]
    for one in found:
        if type(one) is not int or not 0 < one < _LARGEST:
            raise UnknownSizeError(f"{declared['slots']} and {declared['rank']} are {said!r}")
    return found[0], found[1]


def _more(given: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[str]:
    """What takes more memory that is not counted: not at a value that takes none."""
    adapters = declared.get("adapters") or {}
    free: Mapping[str, Any] = declared.get("free", {})
    for field in declared.get("more", ()):
        if given.get(field) and not any(
            _at(given, name) in free[name] for name in free if name.startswith(f"{field}.")
        ):
            yield field
    if adapters and given.get(adapters["given"]):
        yield from (field for field in adapters["unlike"] if given.get(field) not in (None, "auto", False))


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value <= 1:
        raise UnknownSizeError("a share of the memory that is none")
    return float(value)


def _at(given: Mapping[str, Any], name: str) -> Any:
    """What a config says under a name; dots lead into what is nested."""
    found: Any = given
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _width(value: Any, usual: int = 2) -> int:
    if value in (None, "auto"):
        return usual
    value = value.removeprefix("torch.") if type(value) is str else value
    if value not in _WIDTHS:
        raise UnknownSizeError(f"dtype {value!r}")
    return _WIDTHS[value]


def _state(value: Any) -> int | None:
    return None if value in (None, "auto") else _width(value)


def width_of(config: Mapping[str, Any]) -> int:
    """The bytes of a number as the model was saved."""
    said = config.get("dtype", config.get("torch_dtype"))
    return _width(said) if type(said) is str else 4


def _width_of_cache(value: Any, widths: Mapping[str, Any]) -> int | None:
    if value in (None, "auto"):
        return None
    width = widths.get(value) if type(value) is str else None
    if type(width) is not int:
        raise UnknownSizeError(f"a cache of {value!r}")
    return width


def _gibibytes(value: Any) -> int:
    if value is None:
        return 0
    if type(value) not in (int, float) or not 0 <= value < _LARGEST:
        raise UnknownSizeError("an offload that is no size")
    return int(value * 1024**3)
