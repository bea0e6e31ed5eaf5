"""Where a config would run, as the options tell it: the facts beside it."""

from __future__ import annotations

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds.world import INSTALLED, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.readers.found import Beside
    from pytest_llem_invariants.worlds.stated import Stated


class Surroundings:
    """What the options of a command say, read once for all that it checks."""

    def __init__(
        self, options: argparse.Namespace, gpu: str | None, variables: Mapping[str, str] | None = None
    ) -> None:
        self._given = dict(_pair(text, "--context") for text in options.context)
        if options.platform:
            self._given["platform"] = options.platform
        self._stated: Stated | None = None
        if options.world is not None:
            from pytest_llem_invariants.worlds.stated import Stated

            self._stated = Stated(options.world)
        self._options = options
        self._gpu = gpu
        self._variables = {**dict(_pair(text, "--env") for text in options.env), **(variables or {})}
        self._world: World | None = None
        self._file_facts: dict[str, Any] = {}

    def around(self, told: Beside) -> Surroundings:
        """The same with what a file says beside a config; an option says it better."""
        options = self._options
        facts: dict[str, Any] = {}
        if self._gpu is None and self._stated is None:
            from pytest_llem_invariants.worlds.devices import facts_in

            facts = facts_in(told.gpu, told.gpus)
        variables = {name: value for name, value in told.env.items() if name not in self._variables}
        if not facts and not variables:
            return self
        found = Surroundings(options, self._gpu, {**variables, **self._variables})
        found._file_facts = facts
        return found

    def world(self, checker: Checker) -> World:
        """The world of a command; the files of the model that a config names are read where no other is given."""
        if self._stated is not None:
            self._stated.check(checker)
        if self._world is None:
            options = self._options
            facts = self._file_facts if self._stated is None else self._stated.facts
            self._world = World(
                model=options.model,
                gpu=self._gpu,
                env=self._variables,
                packages=dict(map(_package, options.package)),
                facts={**self._served(checker), **facts},
                own_model=not getattr(options, "apart", False),  # who asks from elsewhere names no files here
                download=options.download,
            )
        return self._world

    def _served(self, checker: Checker) -> dict[str, Any]:
        """What is known of the server that a request is for."""
        told = getattr(self._options, "served", None)
        if told is None:
            return {}
        from pytest_llem_invariants.cli.served import served_facts

        return served_facts(checker, told, apart=getattr(self._options, "apart", False))

    def context(self, checker: Checker) -> dict[str, Any]:
        """The facts that `--context` and `--platform` give; they may say nothing else than the world does."""
        given = checker.context_from(self._given)
        if given:
            said = self.world(checker).context(checker.declared_context)
            for name in given.keys() & said.keys():
                if given[name] != said[name]:
                    raise LlemError(f"{name} is given as {given[name]} and as {said[name]}: leave one of them out")
        return given

    def how(self, checker: Checker) -> dict[str, Any]:
        """As a check takes it."""
        return {"context": self.context(checker), "world": self.world(checker)}


def groups(facts: Iterable[str]) -> frozenset[str]:
    """The groups of which something is known; a count that a file gives says nothing of what the device is."""
    return frozenset(fact.partition(".")[0] for fact in facts if fact != "device.count")


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise LlemError(f"{option} takes NAME=VALUE, not {text!r}")
    return name, value


def _package(text: str) -> tuple[str, str]:
    name, equals, version = text.partition("==")
    is_name = all(part.isalnum() for part in name.replace("-", "_").replace(".", "_").split("_"))
    if not is_name or (equals and (not version or "=" in version)):
        raise LlemError(f"--package takes NAME or NAME==VERSION, not {text!r}")
    if version:
        from packaging.version import InvalidVersion, Version

        try:
            Version(version)
        except InvalidVersion:
            raise LlemError(f"--package {name}: {version!r} is not a version — write it like 1.2.3") from None
    return name, version or INSTALLED
