"""A world: the facts of a model, a device, an environment and packages, each given or unknown."""

from __future__ import annotations

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds.facts import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    from pytest_llem_invariants.worlds.derived import Models

GROUPS = ("model.", "device.", "env.", "packages.", "files.", "served.")
"""Every fact belongs to one of these."""
_RENAMED = {"platform": "device.platform"}
"""What the corpora called otherwise before there were worlds."""
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_LONGEST_NUMBER = 100
_PACKAGES = "packages."
_ALIKE = str.maketrans("-", "_")
"""A package has one name however it is spelt, and a fact none that reads like a difference."""
INSTALLED = "installed"
"""The version of a package of which nothing but its presence is known."""


class World:
    """What a verdict may depend on beside the config. What is not given is unknown, and no default stands in for it."""

    __slots__ = ("_download", "_groups", "_other", "_stated", "facts", "model", "own_model")

    def __init__(
        self,
        *,
        model: str | os.PathLike[str] | None = None,
        gpu: str | None = None,
        env: Mapping[str, str] | None = None,
        packages: Mapping[str, str | None] | None = None,
        facts: Mapping[str, Any] | None = None,
        own_model: bool = False,
        download: bool = False,
    ) -> None:
        """Read a model's folder or `config.json`, a GPU such as `H100:8`, and take the rest as it is given.

        `packages` maps a name to its version, or to None where it is not installed; `facts` are given by their names.
        With `own_model`, the files of the model that a config itself names are read where they are on this machine.
        With `download`, what tells about a model that is not here is fetched from the Hugging Face hub.
        """
        stated = Facts({})
        if gpu is not None:
            from pytest_llem_invariants.worlds.devices import device_facts

            stated = device_facts(gpu)
        given: dict[str, Any] = {f"env.{name}": value for name, value in (env or {}).items()}
        given.update((f"packages.{name}", version) for name, version in (packages or {}).items())
        given.update(facts or {})
        given = _named(given)
        self._stated = stated.with_more(Facts(given))
        self.own_model = own_model and model is None
        self._download = download
        self._other: tuple[object, World] | None = None
        self._read(None if model is None else str(model))

    def _read(self, model: str | None, groups: frozenset[str] = frozenset()) -> None:
        facts = self._stated
        if model is not None:
            from pytest_llem_invariants.worlds.model_folder import model_facts

            facts = model_facts(model, groups, download=self._download).with_more(facts)
        self.model = model
        self.facts = facts
        self._groups = groups  # last: whoever sees it, in another thread, sees the facts as well

    def _read_what_is_asked(self, declared: Mapping[str, Mapping[str, Any]]) -> None:
        """Read the files beside a model's config only for a corpus that asks for what they say: some are long."""
        from pytest_llem_invariants.worlds.model_folder import other_groups

        lowering = (name for entry in declared.values() for name in entry.get("lowered_by", ()))
        asked = other_groups((*declared, *lowering))
        if not asked <= self._groups:
            self._read(self.model, self._groups | asked)

    def beside(self, named: object) -> World:
        """This world with the model that a config names, where its files can be read here; else this one."""
        other = self._other
        if other is None or other[0] != named:
            from pytest_llem_invariants.worlds.model_folder import known_here

            found = self
            if known_here(named, download=self._download):
                found = self._without_model()
                found._read(str(named))
            other = self._other = (named, found)
        return other[1]

    def _without_model(self) -> World:
        """A world of the same stated facts, whose model is still to be read."""
        world = World.__new__(World)
        world._stated, world.own_model, world._other, world._download = self._stated, False, None, self._download
        return world

    def context(
        self, declared: Mapping[str, Mapping[str, Any]], models: Models = dict, unsaid: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """What of these facts a corpus asks for, in the values that it declares; the rest stays unknown to it.

        `models` gives the table by which the library reads the files of a model. What these say of facts that begin as
        one of `unsaid` does not count.
        """
        context: dict[str, Any] = {}
        if self.model is not None:
            from pytest_llem_invariants.worlds.derived import derived

            self._read_what_is_asked(declared)
            asked = {name: entry for name, entry in declared.items() if not name.startswith(unsaid)}
            context = derived(asked, self.facts, models)
        for name, entry in declared.items():
            fact = _RENAMED.get(name, name)
            known = self._stated if unsaid and name.startswith(unsaid) else self.facts
            if fact in known:
                context[name] = _meant(known[fact], entry)
            elif name not in context and known.is_known(fact):
                context[name] = None
        return context

    def context_under(
        self,
        more: Mapping[str, Any],
        declared: Mapping[str, Mapping[str, Any]],
        models: Models,
        unsaid: tuple[str, ...],
    ) -> dict[str, Any]:
        """The same where the config of the model is told `more`: what it leaves as it was; the rest is unknown.

        A library sets such keys late, when others have been made of the old ones: what changes is not foretold.
        """
        from pytest_llem_invariants.worlds.model_folder import laid_over

        context = self.context(declared, models, unsaid)
        other = self._without_model()
        other.facts = laid_over(self.facts, more).with_more(self._stated)
        other.model, other._groups = self.model, self._groups
        changed = other.context(declared, models, unsaid)
        return {name: value for name, value in context.items() if name in changed and changed[name] == value}

    def __repr__(self) -> str:
        return f"<World: {len(self.facts)} facts>"


def _named(facts: Mapping[str, Any]) -> dict[str, Any]:
    named = {_RENAMED.get(name, name): value for name, value in facts.items()}
    for name in [name for name in named if str(name).startswith(_PACKAGES)]:
        named[name.lower().translate(_ALIKE)] = named.pop(name)
    for name in named:
        if not str(name).startswith(GROUPS):
            raise LlemError(f"no fact {name!r}: a fact begins with {', '.join(GROUPS)}")
    return named


def _meant(value: Any, entry: Mapping[str, Any]) -> Any:
    """A value in the type that the corpus declares: an environment is made of text."""
    kind = entry.get("type")
    if type(value) is not str or kind == "str":
        return value
    known = {str(one): one for one in entry["values"]}
    if value in known:
        return known[value]
    if any(one is True for one in known.values()) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    if kind is None or not value or len(value) > _LONGEST_NUMBER:
        return value
    from pytest_llem_invariants.text.yaml_scalars import plain_scalar

    return plain_scalar(value)
