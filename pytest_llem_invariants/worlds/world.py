"""A world: the facts of a model, a device, an environment and packages, each given or unknown."""

from __future__ import annotations

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds.facts import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

GROUPS = ("model.", "device.", "env.", "packages.", "files.", "served.")
"""Every fact belongs to one of these."""
_RENAMED = {"platform": "device.platform"}
"""What the corpora called otherwise before there were worlds."""


class World:
    """What a verdict may depend on beside the config. What is not given is unknown, and no default stands in for it."""

    __slots__ = ("facts",)

    def __init__(
        self,
        *,
        model: str | os.PathLike[str] | None = None,
        gpu: str | None = None,
        env: Mapping[str, str] | None = None,
        packages: Mapping[str, str | None] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Read a model's folder or `config.json`, a GPU such as `H100:8`, and take the rest as it is given.

        `packages` maps a name to its version, or to None where it is not installed; `facts` are given by their names.
        """
        found = Facts({})
        if model is not None:
            from os import fspath

            from pytest_llem_invariants.worlds.model_folder import model_facts

            found = found.with_more(model_facts(fspath(model)))
        if gpu is not None:
            from pytest_llem_invariants.worlds.devices import device_facts

            found = found.with_more(device_facts(gpu))
        given: dict[str, Any] = {f"env.{name}": value for name, value in (env or {}).items()}
        given.update((f"packages.{name.lower()}", version) for name, version in (packages or {}).items())
        given.update(_named(facts or {}))
        self.facts = found.with_more(Facts(given))

    def context(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """What of these facts a corpus asks for, in the values that it declares; the rest stays unknown to it."""
        context: dict[str, Any] = {}
        for name, entry in declared.items():
            fact = _RENAMED.get(name, name)
            if fact in self.facts:
                value = self.facts[fact]
                context[name] = {str(known): known for known in entry["values"]}.get(str(value), value)
        return context

    def __repr__(self) -> str:
        return f"<World: {len(self.facts)} facts>"


def _named(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in facts:
        if not str(name).startswith(GROUPS):
            raise LlemError(f"no fact {name!r}: a fact begins with {', '.join(GROUPS)}")
    return facts
