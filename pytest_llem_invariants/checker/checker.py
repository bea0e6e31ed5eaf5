"""The checker as people use it: load a corpus, then ask about keyword arguments, a config, a command or a grid."""

from __future__ import annotations

import os

from pytest_llem_invariants.checker import layout, store
from pytest_llem_invariants.checker.core import LoadedCorpus
from pytest_llem_invariants.checker.verdict import Dependence, Verdict, Violation, remark_of, weakest
from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.core import World
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.checker.sweep import Pruned


UNREAD_VARIABLE = "unread_variable"
ENVIRONMENT = "environment"
"""What a finding is of that is about an environment variable."""
_kept: dict[tuple[str, str | None, str | None], Checker] | None = None


def keep() -> None:
    """From now on load each corpus once: for a process that answers many questions."""
    global _kept
    _kept = {} if _kept is None else _kept


def _kept_one(engine: str, version: str | None, root: layout.Root | None) -> Checker:
    assert _kept is not None
    key = (engine, version, None if root is None else os.fspath(root))
    if key not in _kept:
        _kept[key] = Checker(store.load(engine, version, root), store.origin_of(root))
    return _kept[key]


class Checker(LoadedCorpus):
    """Answers whether a config will be accepted; `Checker.load` is the usual way in.

    What reads documents and grids is imported when it is first asked for: every module costs a check its start.
    """

    @classmethod
    def load(
        cls,
        engine: str | None = None,
        *,
        version: str | None = None,
        corpus: str | os.PathLike[str] | None = None,
        root: str | os.PathLike[str] | None = None,
    ) -> Checker:
        """Load the corpus of an engine (its newest version, or `version`), or a proposed file at a path.

        It is the one that comes with this package, unless `root` names a folder with `engine_versions/` and
        `corpora/`. Nothing is ever taken from the current folder by itself.
        """
        if corpus is not None:
            return cls._of_file(os.fspath(corpus), engine, root)
        if engine is None:
            raise TypeError("Checker.load needs an engine, or corpus=path")
        if _kept is not None:
            return _kept_one(engine, version, root)
        return cls(store.load(engine, version, root), store.origin_of(root))

    @classmethod
    def _of_file(cls, name: str, engine: str | None, root: layout.Root | None) -> Checker:
        from pathlib import Path

        from pytest_llem_invariants.checker.compiled import compile_file

        path = Path(name)
        if path.suffix == ".json":
            text = layout.read_limited(name)
        else:
            text = compile_file(path, Path(store.data_root(root))).encode()
        compiled = layout.parse(text, path)
        if compiled is None:
            raise CorpusError("the compiled corpus has an older format", path=path, fix="llem-invariants compile")
        known = compiled.head["engine"]
        if engine is not None and known != engine:
            raise CorpusError(f"this is a corpus of {known!r}, not of {engine!r}", path=path)
        return cls(compiled, name)

    def check_config(
        self,
        config: Mapping[str, Any],
        *,
        form: str | None = None,
        context: Mapping[str, Any] | None = None,
        world: World | None = None,
    ) -> Verdict:
        """Check what people write: a serve config, a request body, a `generation_config.json`, nested configs.

        `form` names one of the engine's forms where the keys alone do not tell which is meant.
        """
        from pytest_llem_invariants.checker.routes import route

        return self.check_routed(route(self, config, form), context=context, world=world)

    def check_command(
        self,
        words: Sequence[str],
        *,
        context: Mapping[str, Any] | None = None,
        world: World | None = None,
        read: Callable[[str], Mapping[str, Any]] | None = None,
    ) -> Verdict:
        """Check a command line such as `["vllm", "serve", "--tensor-parallel-size", "0"]`.

        `read` gives the contents of a config file that the command line names; without it, that file is left aside.
        """
        from pytest_llem_invariants.checker.routes import route_command

        return self.check_routed(route_command(self, words, read), context=context, world=world)

    def check_routed(
        self, routed: Sequence[Routed], *, context: Mapping[str, Any] | None = None, world: World | None = None
    ) -> Verdict:
        """One verdict over several classes, each violation with its place in the document."""
        if world is not None:
            given = {field: value for part in routed for field, value in part.kwargs.items()}
            context = self.beside(given, context, world)
        violations: list[Violation] = [] if world is None else list(self.about_variables(world))
        depends: list[Dependence] = []
        verdicts = []
        for part in routed:
            violations.extend(part.remarks)
            depends.extend(Dependence((decides,), doubt) for decides, doubt in part.doubts)
            if part.native_type is None:
                continue
            verdict = self.check(part.native_type, part.kwargs, context=context)
            verdicts.append(verdict)
            violations.extend(part.place(violation) for violation in verdict.violations)
            depends.extend(one.told(part.place) for one in verdict.depends)
        if world is not None:
            for one in self._unlisted(routed, given, self.world_of(given, world)):
                if isinstance(one, Dependence):
                    depends.append(one)
                else:
                    violations.append(one)
        types = tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.native_types))
        certification = weakest([verdict.certification for verdict in verdicts])
        return Verdict(tuple(violations), certification, types, tuple(depends), self.origin)

    def about_variables(self, world: World) -> Iterator[Violation]:
        """What is to be said of the environment variables of a world: of those that nobody reads."""
        given = {name[4:]: value for name, value in world.facts.items() if name.startswith("env.")}
        releases = self.releases if given else None
        plugins = self.routes.get("files", {}).get("plugins", ())
        own = tuple(f"{plugin.upper().replace('-', '_')}_" for plugin in plugins)
        for name, value in given.items() if releases is not None else ():
            said = None if releases is None or name.startswith(own) else releases.of_variable(name)
            if said is not None:
                remark = remark_of(UNREAD_VARIABLE, "warn", said.text, said.fix, self.certification, said.edit)
                yield Violation(remark, ENVIRONMENT, (name,), {name: value})

    def _unlisted(
        self, routed: Sequence[Routed], given: Mapping[str, Any], world: World
    ) -> Iterator[Violation | Dependence]:
        """What the model names that this version lacks, where a config has the library read it as it is."""
        own, forms = self._own_model or {}, self.routes.get("forms", {})
        commands = [one for one in self.routes.get("commands", ()) if "form" in one]
        starts = {forms[command["form"]]["class"] for command in commands}
        changed = (begin for begin in self.changed_of_model(given) if begin.endswith("."))  # no single fact
        if "elsewhere" not in own or world.model is None or any(changed):
            return
        if not {*own["elsewhere"], *own.get("code", {}).values()}.isdisjoint(self.laid_over(given) or ()):
            return
        if any(part.native_type in starts for part in routed):
            from pytest_llem_invariants.checker.unlisted import unlisted

            yield from unlisted(self.engine, self._compiled, own, given, world.facts, self.origin)

    def world_beside(self, routed: Sequence[Routed], world: World) -> World:
        """The world of a document: with the model that it names, where the world has none and may read that one."""
        return self.world_of({field: value for part in routed for field, value in part.kwargs.items()}, world)

    def prune(
        self,
        grid: Mapping[str, Any],
        *,
        native_type: str | None = None,
        context: Mapping[str, Any] | None = None,
        world: World | None = None,
    ) -> Pruned:
        """The valid combinations of a grid of values, found without going through the invalid ones."""
        from pytest_llem_invariants.checker.sweep import prune

        return prune(self, grid, native_type, context if world is None else self.beside(grid, context, world))

    def __repr__(self) -> str:
        return f"<Checker {self.engine} {self.version}: {len(self.native_types)} classes, {self.certification}>"
