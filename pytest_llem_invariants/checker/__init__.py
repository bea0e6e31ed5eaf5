"""A config against a corpus, without the engine."""

from pytest_llem_invariants.checker.core import Checker
from pytest_llem_invariants.checker.sweep import Pruned
from pytest_llem_invariants.checker.verdict import Verdict, Violation

__all__ = ["Checker", "Pruned", "Verdict", "Violation"]
