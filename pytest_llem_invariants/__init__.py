"""The rules that inference engines hide about their configuration: proven by pytest, checked in microseconds."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_llem_invariants.checker import UNKNOWN, Checker, Pruned, Verdict, Violation
    from pytest_llem_invariants.worlds import World

__all__ = ["UNKNOWN", "Checker", "Pruned", "Verdict", "Violation", "World"]


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for: the plugin loads this package in every pytest run."""
    if name in __all__:
        import importlib

        home = "worlds" if name == "World" else "checker"
        return getattr(importlib.import_module(f"pytest_llem_invariants.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
