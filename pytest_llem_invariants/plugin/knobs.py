"""Every knob of a replay: one table, of which the flags, the ini keys, the variables and the reference are made."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, final

import pytest

_YES: Final = ("1", "true", "yes", "on")
_NO: Final = ("0", "false", "no", "off", "")


@final
@dataclass(frozen=True, slots=True)
class Knob:
    """Something that a user may set: on the command line, else as a variable, else in the ini file."""

    name: str
    metavar: str | None
    """What stands for its value; a switch has none."""
    help: str
    default: str = ""
    """Shown, where there is one."""
    type: type = str
    ini: Literal["string", "args"] = "string"
    """What it is in the ini file; a switch is a truth value there."""

    @property
    def flag(self) -> str:
        return f"--llem-{self.name}"

    @property
    def key(self) -> str:
        """Of the ini file, and of pytest's own namespace."""
        return f"llem_{self.name.replace('-', '_')}"

    @property
    def variable(self) -> str:
        return self.key.upper()

    def declare(self, parser: pytest.Parser, group: Any) -> None:
        told = f"{self.help}{f', {self.default} by default' if self.default else ''} (ini: {self.key}, {self.variable})"
        if self.metavar is None:
            group.addoption(self.flag, action="store_true", help=told)
            parser.addini(self.key, f"default of {self.flag}", type="bool", default=False)
        else:
            group.addoption(self.flag, metavar=self.metavar, type=self.type, help=told)
            parser.addini(self.key, f"default of {self.flag}", type=self.ini, default=[] if self.ini == "args" else "")


KNOBS: Final = (
    Knob("engine", "ENGINE", "Replay this engine's corpus against the installed library and write what it did"),
    Knob("corpus", "PATH", "The proposed corpus: the file, its folder, or the folder of engine folders"),
    Knob("out", "DIR", "Write the validated file and the quarantine here, not into the corpus's folder"),
    Knob("check", None, "Write nothing; fail with a diff if the committed validated file differs from this run's"),
    Knob("isolate", None, "Replay each rule in a forked child, so that a crash or a hang costs one rule"),
    Knob("timeout", "SECONDS", "How long an isolated rule may take", "10", float),
    Knob("soundness", None, "Add a fourth check per rule: its predicate agrees with the library near its boundary"),
    Knob(
        "repeat",
        "N",
        "Observe each example N times in one process, and once in each of N - 1 fresh ones with other hash seeds: "
        "a rule whose answers differ is nondeterministic",
        "1",
        int,
    ),
    Knob(
        "reuse",
        None,
        "Replay nothing where an earlier whole run still says it all; else ask the library only for answers that are "
        "not kept, and keep them",
    ),
    Knob("digests", "N", "How many digests of runs to keep; 0 keeps none", "10", int),
)
OF_CONFIGS: Final = (
    Knob(
        "configs",
        "GLOBS",
        "Globs below the root folder, with blanks between them: each file is an item that passes if the library would "
        "accept it",
        ini="args",
    ),
    Knob("configs-engine", "ENGINE", "The engine of these files; guessed from their keys without it"),
    Knob("configs-platform", "PLATFORM", "The platform on which they will run"),
    Knob("configs-gpu", "SPEC", "The GPUs beside them, such as H100:8"),
    Knob("configs-model", "DIR", "The folder of the model that they are for"),
    Knob("configs-world", "FILE", "A file of facts by their names"),
    Knob("configs-decided", None, "Fail a file whose verdict depends on facts that these do not give"),
    Knob("configs-root", "DIR", "A folder with engine_versions/ and corpora/ to use, not the packaged corpora"),
    Knob("configs-certified", None, "Fail a file whose certification is not `full`"),
)
_NAMED: Final = {knob.name: knob for knob in (*KNOBS, *OF_CONFIGS)}


def declare(parser: pytest.Parser) -> None:
    """Add the `--llem-*` groups and the ini options with the same names."""
    groups = {"llem": "invariants of inference engines", "llem configs": "config files as test items"}
    for (name, told), knobs in zip(groups.items(), (KNOBS, OF_CONFIGS), strict=True):
        group = parser.getgroup(name, told)
        for knob in knobs:
            knob.declare(parser, group)


def flag(config: pytest.Config, name: str) -> Any:
    """What the command line says."""
    return getattr(config.option, _NAMED[name].key)


def text(config: pytest.Config, name: str) -> tuple[str, str]:
    """What is said of a knob, and where; both empty where nothing is."""
    knob = _NAMED[name]
    given = flag(config, name)
    if given is not None:
        return str(given), knob.flag
    variable = os.environ.get(knob.variable)
    if variable:
        return variable, knob.variable
    lasting: str = config.getini(knob.key)
    return (lasting, knob.key) if lasting else ("", "")


def words(config: pytest.Config, name: str) -> list[str]:
    """What is said of a knob that takes several words."""
    knob = _NAMED[name]
    told = flag(config, name) or os.environ.get(knob.variable)
    if told:
        return shlex.split(told)
    lasting: list[str] = config.getini(knob.key)
    return lasting


def switch(config: pytest.Config, name: str) -> bool:
    knob = _NAMED[name]
    variable = os.environ.get(knob.variable)
    if flag(config, name) or variable is None:
        return bool(flag(config, name) or config.getini(knob.key))
    if variable.lower() not in (*_YES, *_NO):
        raise pytest.UsageError(
            f"{knob.variable} is {variable!r} — use one of {', '.join(filter(None, (*_YES, *_NO)))}"
        )
    return variable.lower() in _YES


def path(config: pytest.Config, name: str) -> Path | None:
    """A path in the ini file is relative to that file, another to the folder where pytest started."""
    told, where = text(config, name)
    if not told:
        return None
    if where == _NAMED[name].key:
        return Path(config.inipath.parent if config.inipath else config.rootpath) / told
    return Path(config.invocation_params.dir) / told


def seconds(config: pytest.Config, name: str) -> float:
    told, where = text(config, name)
    try:
        found = float(told or _NAMED[name].default)
    except ValueError:
        raise pytest.UsageError(f"{where} is a number of seconds, not {told!r}") from None
    if not 0 < found < float("inf"):
        raise pytest.UsageError(f"{where} is a positive number of seconds, not {told}")
    return found


def count(config: pytest.Config, name: str, counted: str, *, least: int) -> int:
    told, where = text(config, name)
    try:
        found = int(told or _NAMED[name].default)
    except ValueError:
        raise pytest.UsageError(f"{where} is a number of {counted}, not {told!r}") from None
    if found < least:
        raise pytest.UsageError(f"{where} is {'0 or ' if least == 0 else ''}a number of {counted}, not {told}")
    return found


def table() -> Iterator[str]:
    """The table of the reference."""
    yield "| option | ini key | variable | meaning |"
    yield "| --- | --- | --- | --- |"
    for knob in _NAMED.values():
        shown = knob.flag if knob.metavar is None else f"{knob.flag} {knob.metavar}"
        default = f" ({knob.default})" if knob.default else ""
        yield f"| `{shown}` | `{knob.key}` | `{knob.variable}` | {knob.help[0].lower()}{knob.help[1:]}{default} |"
