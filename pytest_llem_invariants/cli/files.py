"""The configs of a file, checked: what its reader finds in it, or the one mapping that it is."""

from __future__ import annotations

import contextlib

from pytest_llem_invariants.checker import guessing, store
from pytest_llem_invariants.checker.routes import NoCommandError, RoutingError
from pytest_llem_invariants.cli.answering import answered
from pytest_llem_invariants.cli.checked import Checked
from pytest_llem_invariants.cli.pins import Pins
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.cli.versions import Versions, of_one
from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.cli.versions import Around
    from pytest_llem_invariants.readers.declared import Engine
    from pytest_llem_invariants.readers.found import Found


_STRICTER = ("the file holds more than one", "merge keys", "a key is not")
"""What a mapping for an engine may not have, but many a YAML file has."""


class Files:
    """Reads and checks files one after the other."""

    def __init__(self, options: argparse.Namespace, beside: Surroundings) -> None:
        self._options = options
        self._beside = beside
        self._versions = Versions(options.root)
        self._checkers: dict[str, Checker] = {}
        self._known: list[Engine] | None = None
        self._pins = Pins()

    def named(self, name: str) -> list[Checked]:
        """A file that somebody named: where it holds no config, that is an error."""
        from pytest_llem_invariants.checker.documents import text_of

        return self.of_text(name, text_of(name))

    def of_text(self, name: str, text: str) -> list[Checked]:
        """The text of a file that somebody named."""
        from pytest_llem_invariants.checker import flat_yaml
        from pytest_llem_invariants.readers.registry import reader_of

        options = self._options
        reader = reader_of(name)
        if options.type or options.corpus or name == "-" or reader is None:
            return [self._whole(name, text)]
        if reader.name == "yaml" and flat_yaml.read(text) is not None:
            return [self._whole(name, text)]
        checked = self.in_text(name, text, is_named=True)
        if checked:
            return checked
        looked_for = f"looked for {reader.looks_for}"
        if reader.name == "yaml" and "{{" not in text and "\n---" not in text:
            try:
                return [self._whole(name, text)]
            except RoutingError as error:
                raise CorpusError(f"no engine config found: {error}", path=name, fix=looked_for) from error
            except CorpusError as error:
                if not error.message.startswith(_STRICTER):
                    raise
        raise CorpusError("no engine config found", path=name, fix=looked_for)

    def in_folder(self, name: str, raw: bytes) -> list[Checked]:
        """A file of a folder: what its reader finds, or the mapping that is a config beyond doubt."""
        text = raw.decode("utf-8-sig")
        checked = self.in_text(name, text, is_named=False)
        if checked or not name.endswith((".json", ".yaml", ".yml")):
            return checked
        from pytest_llem_invariants.checker.documents import parse

        try:
            config = parse(text, name)
            form = self._form_of(name)
            if form is not None:
                return [self._mapping(config, self._choose(config.data), form)]
            checker = guessing.by_keys(config.data, self._checkers, self._options.root, is_sure=True)
            around = self._versions.around(checker.engine, self._options.engine_version)
            return [self._mapping(config, around)] if self._wants(checker.engine) else []
        except (CorpusError, RoutingError):
            return []

    def in_text(self, name: str, text: str, *, is_named: bool) -> list[Checked]:
        """Every config that the reader of the file finds."""
        from pytest_llem_invariants.readers.registry import read

        checked: list[Checked] = []
        for one in read(name, text, self.engines(), is_named=is_named):
            with contextlib.suppress(NoCommandError):  # of a version that was named, or that stands beside it
                checked += [self._found(name, one)] if self._wants(one.engine) else []
        return checked

    def _wants(self, engine: str) -> bool:
        return self._options.engine in (None, engine)

    def engines(self) -> list[Engine]:
        """The engines with what they declare of files."""
        if self._known is None:
            from pytest_llem_invariants.readers.declared import engines

            names = store.engines(store.data_root(self._options.root))
            self._known = engines({name: self._versions.newest(name).routes for name in names})
        return self._known

    def names(self) -> frozenset[str]:
        """The names of files that are an engine's by their name."""
        return frozenset(name for engine in self.engines() for name in engine.names)

    def _found(self, name: str, found: Found) -> Checked:
        from pytest_llem_invariants.checker.routes import route, route_command
        from pytest_llem_invariants.readers.found import COMMAND
        from pytest_llem_invariants.readers.told import data_of, places_of, words_of

        wanted = self._options.engine_version or found.beside.version
        required = None
        if wanted is None and not found.beside.is_built and not getattr(self._options, "apart", False):
            engine = next(engine for engine in self.engines() if engine.name == found.engine)
            required = self._pins.version(name, engine)
            wanted = None if required is None else required[0]
        around = self._versions.around(found.engine, wanted, is_built=found.beside.is_built and wanted is None)

        def routed(by: Checker) -> list[Routed]:
            if found.form == COMMAND:
                return route_command(by, words_of(found))
            return route(by, data_of(found), found.form)

        declared = next(engine.plugins for engine in self.engines() if engine.name == found.engine)
        added = [declared[plugin] for plugin in found.beside.plugins]
        checked = answered(name, around, routed, self._beside.around(found.beside), places_of(found), added)
        checked.at = found.place
        checked.source = found
        if required is not None:
            checked.required = (required[1], f"{found.engine} {required[0]}")
        return checked

    def _whole(self, name: str, text: str) -> Checked:
        """A file that is one mapping."""
        from pytest_llem_invariants.checker.documents import parse

        config = parse(text, name)
        around = self._choose(config.data)
        routes = around.checker.routes
        form = routes.get("files", {}).get("names", {}).get(_base(name))
        if self._options.type or form not in routes.get("forms", ()):
            form = self._options.type
        return self._mapping(config, around, form)

    def _form_of(self, name: str) -> str | None:
        """The form of a file that is an engine's by its name."""
        base = _base(name)
        return next((engine.names[base] for engine in self.engines() if base in engine.names), None)

    def _mapping(self, config: Any, around: Around, form: str | None = None) -> Checked:
        from pytest_llem_invariants.checker.routes import route

        checked = answered(config.name, around, lambda by: route(by, config.data, form), self._beside, config.place_of)
        checked.source = config
        return checked

    def _choose(self, config: Any) -> Around:
        """The rules that the options name, else those of the engine that knows most of the keys."""
        options = self._options
        if options.corpus:
            return of_one(self._versions.of_file(options.corpus, options.engine))
        engine = options.engine or guessing.by_keys(config, self._checkers, options.root).engine
        return self._versions.around(engine, options.engine_version)


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def in_paths(files: Files, options: argparse.Namespace) -> list[Checked]:
    """The configs of every file, folder and pattern that was named."""
    import os

    checked: list[Checked] = []
    for name in options.files:
        if name != "-" and not os.path.isfile(name) and (os.path.isdir(name) or any(sign in name for sign in "*?[")):
            from pytest_llem_invariants.cli.folders import in_folder_or_pattern

            checked += in_folder_or_pattern(name, files, options)
        elif options.skip_others and os.path.isfile(name):
            from pytest_llem_invariants.cli.folders import if_a_config

            checked += if_a_config(name, files, options)
        else:
            checked += files.named(name)
    return checked
