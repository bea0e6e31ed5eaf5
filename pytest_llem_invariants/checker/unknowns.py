"""What of a rule nobody told: values of the config, and facts of what is around it."""

from __future__ import annotations

from pytest_llem_invariants.checker import runtime
from pytest_llem_invariants.checker.runtime import UNKNOWN, unsure
from pytest_llem_invariants.checker.verdict import UNTOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def untold(fields: Sequence[str], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the fields that a rule reads those whose value is not told, or may be given or replaced by what nobody tells.

    What is written behind unknown fields stays as it is.
    """
    names = list(kwargs)
    fixed = names[names.index(UNKNOWN) + 1 :] if UNKNOWN in kwargs else names
    found = []
    for field in fields:
        root, *rest = field.split(".")
        if unsure(runtime.path(None, kwargs, root, *rest)):
            found.append(f"{UNTOLD}{field}")
        elif fixed is not names and root not in fixed:
            found.append(f"{UNTOLD}*")
    return tuple(dict.fromkeys(found))


class Asked:
    """What a rule asks of what is around a config, taken apart once: it is looked up at every check."""

    __slots__ = ("_named", "_roots", "_unknown", "_usual", "facts", "rule")

    def __init__(self, rule: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
        """`usual` is what is known beside most configs: what the rule lacks there is looked up once."""
        self.rule = rule
        self.facts = tuple(rule.get("context", ()))
        self._named = frozenset(fact for fact in self.facts if "." in fact)
        self._roots = frozenset([UNKNOWN, *(field.partition(".")[0] for field in rule["fields"])])
        self._usual = usual
        self._unknown = tuple([fact for fact in self.facts if fact not in usual])

    def unknown(self, context: Mapping[str, Any]) -> tuple[str, ...]:
        """The facts that nobody told."""
        if context is self._usual:
            return self._unknown
        return tuple([fact for fact in self.facts if fact not in context]) if context else self.facts

    def is_met(self, kwargs: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
        """Whether anything that is given takes part in the rule: else every config would depend on it.

        A fact without a kind before its name, as the platform, is too common to count.
        """
        return not (self._roots.isdisjoint(kwargs) and self._named.isdisjoint(context))
