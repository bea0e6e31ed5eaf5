"""For the test suites of users: the fixture `llem_checker`, and config files as items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import pytest

from pytest_llem_invariants.plugin import knobs

if TYPE_CHECKING:
    from pytest_llem_invariants.checker import Checker, Verdict
    from pytest_llem_invariants.checker.documents import Config
    from pytest_llem_invariants.worlds.stated import Stated

NAME = "llem-checking"
_OPEN = " — set llem_configs_model, llem_configs_gpu or llem_configs_world"
_CHECKERS: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
_SURROUNDINGS: pytest.StashKey[_Surroundings] = pytest.StashKey()


@pytest.fixture(scope="session")
def llem_checker() -> Callable[..., Checker]:
    """Load a checker: `llem_checker("vllm").check("SamplingParams", {"temperature": -1}).ok`. Loaded once a session."""
    from pytest_llem_invariants.checker import Checker

    loaded: dict[tuple[Any, ...], Checker] = {}

    def load(engine: str | None = None, *, version: str | None = None, corpus: Any = None, root: Any = None) -> Checker:
        key = (engine, version, *(None if path is None else str(path) for path in (corpus, root)))
        if key not in loaded:
            loaded[key] = Checker.load(engine, version=version, corpus=corpus, root=root)
        return loaded[key]

    return load


class _Surroundings:
    """Where the files will run, according to the options."""

    def __init__(self, config: pytest.Config) -> None:
        from pytest_llem_invariants.worlds import World

        model, facts = (_path(config, f"configs-{name}") for name in ("model", "world"))
        self._platform = knobs.text(config, "configs-platform")[0]
        self._stated: Stated | None = None
        if facts is not None:
            from pytest_llem_invariants.worlds.stated import Stated

            self._stated = Stated(facts)
        stated = {} if self._stated is None else self._stated.facts
        self.world = World(model=model, gpu=knobs.text(config, "configs-gpu")[0] or None, facts=stated)

    def how(self, checker: Checker) -> dict[str, Any]:
        """As arguments of a check."""
        if self._stated is not None:
            self._stated.check(checker)
        context = checker.context_from({"platform": self._platform} if self._platform else {})
        return {"context": context, "world": self.world}


def _surroundings(config: pytest.Config) -> _Surroundings:
    known = config.stash.get(_SURROUNDINGS, None)
    if known is None:
        known = config.stash[_SURROUNDINGS] = _Surroundings(config)
    return known


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the checkers, and read where the files will run, before the first of them is collected."""
    config = session.config
    if not knobs.words(config, "configs") or hasattr(config, "workerinput"):
        return
    from pytest_llem_invariants.errors import LlemError

    engine = knobs.text(config, "configs-engine")[0]
    try:
        surroundings = _surroundings(config)
        if engine:
            surroundings.how(_checker(config, engine))
    except LlemError as error:
        raise pytest.UsageError(f"llem_configs_…: {error}") from None


def _checker(config: pytest.Config, engine: str) -> Checker:
    from pytest_llem_invariants.checker import Checker

    checkers = config.stash.setdefault(_CHECKERS, {})
    if engine not in checkers:
        checkers[engine] = Checker.load(engine, root=_root(config))
    checker: Checker = checkers[engine]
    return checker


def _root(config: pytest.Config) -> str | None:
    return _path(config, "configs-root")


def _path(config: pytest.Config, option: str) -> str | None:
    named = knobs.path(config, option)
    return None if named is None else str(named)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    globs = knobs.words(parent.config, "configs")
    if not globs or not file_path.is_relative_to(parent.config.rootpath):
        return None
    relative = file_path.relative_to(parent.config.rootpath).as_posix()
    if any(fnmatchcase(relative, pattern) for pattern in globs):
        return ConfigFile.from_parent(parent, path=file_path)
    return None


class RejectedError(Exception):
    """The library would reject the file."""


@final
class ConfigFile(pytest.File):
    """A config file."""

    def collect(self) -> Iterator[pytest.Item]:
        yield ConfigItem.from_parent(self, name="accepted")


@final
class ConfigItem(pytest.Item):
    """Passes if the library would accept the file."""

    def runtest(self) -> None:
        from pytest_llem_invariants.checker.describe import depending, describe, distinct, rules_from, undecided
        from pytest_llem_invariants.checker.documents import read

        config = read(str(self.path))
        verdict = self._verdict(config)
        name = self.path.name
        told = "\n".join(
            line
            for violation in distinct(verdict.violations)
            for line in describe(violation, ":".join(map(str, (name, *config.place_of(violation.path)))))
        ).rstrip()
        if verdict.origin is not None:
            told = f"{told}\n{name}: checked with {rules_from(verdict.origin)}".lstrip()
        if not verdict.ok:
            raise RejectedError(told)
        if knobs.switch(self.config, "configs-certified") and not verdict.certified:
            raise RejectedError(f"{name}: accepted, but only with certification {verdict.certification!r}")
        given = {fact.partition(".")[0] for fact in _surroundings(self.config).world.facts}
        open_ = [f"{name}: {line.partition(' — ')[0]}{_OPEN}" for line in depending(verdict, given)]
        open_ += [f"  {one.rule_id} if {one.decides}" for one in undecided(verdict)]
        if verdict.status == "depends" and knobs.switch(self.config, "configs-decided"):
            raise RejectedError("\n".join([*filter(None, [told]), *open_]))
        if not verdict.certified:
            told = f"{told}\n{name}: certification {verdict.certification}".lstrip()
        if told or open_:
            self.add_report_section("call", "llem", "\n".join([*filter(None, [told]), *open_]))

    def _verdict(self, config: Config) -> Verdict:
        from pytest_llem_invariants.checker import guessing

        engine = knobs.text(self.config, "configs-engine")[0]
        checkers = self.config.stash.setdefault(_CHECKERS, {})
        checker: Checker = (
            _checker(self.config, engine) if engine else guessing.by_keys(config.data, checkers, _root(self.config))
        )
        return checker.check_config(config.data, **_surroundings(self.config).how(checker))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from pytest_llem_invariants.errors import LlemError

        if isinstance(excinfo.value, (RejectedError, LlemError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.name} is accepted"
