"""A config against a corpus, without the engine."""

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.checker.verdict import Verdict, Violation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_llem_invariants.checker.sweep import Pruned

__all__ = ["UNKNOWN", "Checker", "Pruned", "Verdict", "Violation"]


def __getattr__(name: str) -> object:
    """A check needs no sweep, and every module costs its start."""
    if name == "Pruned":
        from pytest_llem_invariants.checker.sweep import Pruned

        return Pruned
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
