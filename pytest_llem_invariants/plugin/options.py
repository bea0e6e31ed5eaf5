"""The command line and ini options, and their values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import pytest

if TYPE_CHECKING:
    from argparse import Namespace

CORPUS_NAME: Final = "invariants.proposed.yaml"
QUARANTINE_PREFIX: Final = "_failed_validation_"
DEFAULT_TIMEOUT: Final = 10.0
KEPT: Final = 10
"""Digests of runs, where nothing else is said."""
_NEED_AN_ENGINE: Final = ("llem_corpus", "llem_out", "llem_check")


def declare(parser: pytest.Parser) -> None:
    """Add the `--llem-*` group and the ini options with the same names."""
    group = parser.getgroup("llem", "invariants of inference engines")
    group.addoption(
        "--llem-engine",
        metavar="ENGINE",
        help="Replay this engine's corpus against the installed library and write what it did (ini: llem_engine)",
    )
    group.addoption(
        "--llem-corpus",
        metavar="PATH",
        help="The proposed corpus: the file, its folder, or the folder of engine folders (ini: llem_corpus)",
    )
    group.addoption(
        "--llem-out",
        metavar="DIR",
        help="Write the validated file and the quarantine here, not into the corpus's folder (ini: llem_out)",
    )
    group.addoption(
        "--llem-check",
        action="store_true",
        help="Write nothing; fail with a diff if the committed validated file differs from this run's",
    )
    group.addoption(
        "--llem-isolate",
        action="store_true",
        help="Replay each rule in a forked child, so that a crash or a hang costs one rule (ini: llem_isolate)",
    )
    group.addoption(
        "--llem-timeout",
        metavar="SECONDS",
        type=float,
        help=f"How long an isolated rule may take, {DEFAULT_TIMEOUT:g} s by default (ini: llem_timeout)",
    )
    group.addoption(
        "--llem-soundness",
        action="store_true",
        help="Add a fourth check per rule: its predicate agrees with the library near its boundary "
        "(ini: llem_soundness)",
    )
    group.addoption(
        "--llem-digests",
        metavar="N",
        type=int,
        help=f"How many digests of runs to keep, {KEPT} by default (ini: llem_digests)",
    )
    group.addoption(
        "--llem-repeat",
        metavar="N",
        type=int,
        help="Observe each example N times in one process and in N - 1 fresh ones: a rule whose answers differ is "
        "nondeterministic (ini: llem_repeat)",
    )
    parser.addini("llem_engine", "default of --llem-engine", type="string", default="")
    parser.addini("llem_corpus", "default of --llem-corpus, relative to this file", type="string", default="")
    parser.addini("llem_out", "default of --llem-out, relative to this file", type="string", default="")
    parser.addini("llem_isolate", "default of --llem-isolate", type="bool", default=False)
    parser.addini("llem_timeout", "default of --llem-timeout, in seconds", type="string", default="")
    parser.addini("llem_soundness", "default of --llem-soundness", type="bool", default=False)
    parser.addini("llem_digests", "default of --llem-digests", type="string", default="")
    parser.addini("llem_repeat", "default of --llem-repeat", type="string", default="")


def concern(config: pytest.Config) -> bool:
    """Whether the plugin takes part in a run; this happens in every pytest run, so it costs next to nothing."""
    option = config.option
    given = option.llem_engine or config.getini("llem_engine") or any(getattr(option, name) for name in _NEED_AN_ENGINE)
    named = (CORPUS_NAME, QUARANTINE_PREFIX, "corpora")
    start = config.invocation_params.dir
    return bool(given) or any(name in str(start / argument) for argument in config.args for name in named)


def is_of_corpus(nodeid: str) -> bool:
    return nodeid.partition("::")[0].endswith((".yaml", ".yml"))


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one run."""

    engine: str | None
    corpus: Path | None
    out: Path | None
    check: bool
    isolate: bool
    timeout: float
    soundness: bool
    digests: int
    repeat: int

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        option = config.option
        settings = cls(
            engine=option.llem_engine or config.getini("llem_engine") or None,
            corpus=_path(config, option.llem_corpus, "llem_corpus"),
            out=_path(config, option.llem_out, "llem_out"),
            check=option.llem_check,
            isolate=option.llem_isolate or config.getini("llem_isolate"),
            timeout=_timeout(config, option),
            soundness=option.llem_soundness or config.getini("llem_soundness"),
            digests=_whole(config, "digests", option.llem_digests, KEPT, "digests", least=0),
            repeat=_whole(config, "repeat", option.llem_repeat, 1, "observations", least=1),
        )
        if settings.engine is None:
            settings._refuse_without_engine(option)
        return settings

    def _refuse_without_engine(self, option: Namespace) -> None:
        for name in _NEED_AN_ENGINE:
            if getattr(option, name):
                flag = "--" + name.replace("_", "-")
                raise pytest.UsageError(f"{flag} needs --llem-engine: only a run for one engine certifies a corpus")


def _path(config: pytest.Config, given: str | None, ini: str) -> Path | None:
    """A path on the command line is relative to the folder where pytest started, one in the ini file to that file."""
    if given:
        return Path(config.invocation_params.dir) / given
    lasting: str = config.getini(ini)
    if not lasting:
        return None
    return Path(config.inipath.parent if config.inipath else config.rootpath) / lasting


def _timeout(config: pytest.Config, option: Namespace) -> float:
    lasting: str = config.getini("llem_timeout")
    try:
        seconds = option.llem_timeout if option.llem_timeout is not None else float(lasting or DEFAULT_TIMEOUT)
    except ValueError:
        raise pytest.UsageError(f"llem_timeout is a number of seconds, not {lasting!r}") from None
    if not 0 < seconds < float("inf"):
        raise pytest.UsageError(f"--llem-timeout is a positive number of seconds, not {seconds:g}")
    return float(seconds)


def _whole(config: pytest.Config, name: str, given: int | None, default: int, counted: str, *, least: int) -> int:
    """A number of things, from the command line or the ini file."""
    lasting: str = config.getini(f"llem_{name}")
    try:
        count = int(lasting or default) if given is None else given
    except ValueError:
        raise pytest.UsageError(f"llem_{name} is a number of {counted}, not {lasting!r}") from None
    if count < least:
        below = "0 or a number" if least == 0 else "a number"
        raise pytest.UsageError(f"--llem-{name} is {below} of {counted}, not {count}")
    return int(count)
