"""Silent normalisation: compare the given values with those of the object."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Any, Final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.model import Change, Kwargs, TypedValue
from pytest_llem_invariants.replay.normalise import normalise_text

_PLAIN: Final = (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type(None))


def changes(adapter: EngineAdapter, kwargs: Kwargs, built: Any) -> dict[str, Change]:
    """Dotted field → change, for every given field whose value differs in the object."""
    state = adapter.read_state(built)
    found: dict[str, Change] = {}
    for name, declared in kwargs.items():
        observed = _locate(adapter, state, name)
        if observed is not MISSING:
            found.update(_compare(adapter, name, declared, observed))
    return found


def _locate(adapter: EngineAdapter, state: Mapping[str, Any], name: str) -> Any:
    """The attribute with that name: the object's own, else that of its only part with one."""
    if name in state:
        return state[name]
    holders = []
    for part in state.values():
        if hasattr(part, "__dataclass_fields__") or hasattr(part, "__struct_fields__"):
            inner = adapter.read_state(part)
            if name in inner:
                holders.append(inner[name])
    return holders[0] if len(holders) == 1 else MISSING


def _compare(adapter: EngineAdapter, path: str, declared: Any, observed: Any) -> Iterator[tuple[str, Change]]:
    if isinstance(declared, TypedValue):
        declared = declared.kwargs
    if isinstance(declared, Mapping) and observed is not None and not isinstance(observed, _PLAIN):
        inside = adapter.read_state(observed)
        for name, value in declared.items():
            if name in inside:
                yield from _compare(adapter, f"{path}.{name}", value, inside[name])
        return
    if not unchanged(declared, observed):
        yield path, Change(plain(declared), plain(observed))


def unchanged(declared: Any, observed: Any) -> bool:
    """Whether an object still has the given value: 1 and 1.0 are equal, `True` and 1 are not, nan equals nan."""
    if isinstance(observed, Enum) and not isinstance(declared, Enum):
        return unchanged(declared, observed.value) or declared == observed.name
    if isinstance(declared, bool) or isinstance(observed, bool):
        return isinstance(declared, bool) and isinstance(observed, bool) and declared == observed
    if isinstance(declared, float) and isinstance(observed, float) and declared != declared:
        return observed != observed
    if isinstance(observed, Set) and isinstance(declared, (list, tuple, Set)):
        return len(observed) == len({_key(one) for one in declared}) and all(one in observed for one in declared)
    if isinstance(declared, (list, tuple)) and isinstance(observed, (list, tuple)):
        return _holds_all(observed, declared)
    if isinstance(declared, TypedValue):
        return True
    if isinstance(declared, Mapping) and isinstance(observed, Mapping):
        return declared.keys() == observed.keys() and all(unchanged(declared[key], observed[key]) for key in declared)
    if isinstance(declared, str) and not isinstance(observed, _PLAIN):
        return _names(declared, observed)
    try:
        return bool(declared == observed)
    except Exception:  # a foreign object's __eq__ may raise anything
        return False


def _holds_all(observed: Sequence[Any], declared: Sequence[Any]) -> bool:
    """Whether a list has all given elements in their order: an addition by the library removes nothing."""
    if len(declared) in (0, len(observed)):
        return len(declared) == len(observed) and all(map(unchanged, declared, observed))
    rest = iter(observed)
    return all(any(unchanged(wanted, one) for one in rest) for wanted in declared)


def _names(text: str, value: Any) -> bool:
    """Whether a text names an object: `float16`, and also `half` if `lib.float16` is `lib.half`."""
    whole = str(value)
    home, _, last = whole.rpartition(".")
    if text in (whole, last, getattr(value, "__name__", None)):
        return True
    return vars(sys.modules[home]).get(text) is value if home in sys.modules else False


def _key(value: Any) -> Any:
    return value if getattr(value, "__hash__", None) else repr(value)


def plain(value: Any) -> Any:
    """A value that YAML and a pipe can transport."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, TypedValue):
        return TypedValue(value.type, {str(key): plain(inner) for key, inner in value.kwargs.items()})
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, str):
        return normalise_text(str(value))
    if isinstance(value, Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, Set):
        return sorted((plain(inner) for inner in value), key=repr)
    return normalise_text(_shown(value))


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # a foreign __repr__ may raise anything
        return f"<{type(value).__name__}>"
