"""The settings of one run, of what its knobs say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import pytest

from pytest_llem_invariants.plugin import knobs

CORPUS_NAME: Final = "invariants.proposed.yaml"
QUARANTINE_PREFIX: Final = "_failed_validation_"
_NEED_AN_ENGINE: Final = ("corpus", "out", "check")


def concern(config: pytest.Config) -> bool:
    """Whether the plugin takes part in a run; this happens in every pytest run, so it costs next to nothing."""
    option = config.option
    given = option.llem_engine or os.environ.get("LLEM_ENGINE") or config.getini("llem_engine")
    needed = any(knobs.flag(config, name) for name in _NEED_AN_ENGINE)
    named = (CORPUS_NAME, QUARANTINE_PREFIX, "corpora")
    start = config.invocation_params.dir
    return bool(given or needed) or any(name in str(start / argument) for argument in config.args for name in named)


def is_of_corpus(nodeid: str) -> bool:
    return nodeid.partition("::")[0].endswith((".yaml", ".yml"))


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """The options of one run."""

    engine: str | None
    corpus: Path | None = None
    out: Path | None = None
    check: bool = False
    isolate: bool = False
    timeout: float = 10.0
    soundness: bool = False
    digests: int = 0
    repeat: int = 1
    reuse: bool = False

    @classmethod
    def of(cls, config: pytest.Config) -> Settings:
        settings = cls(
            engine=knobs.text(config, "engine")[0] or None,
            corpus=knobs.path(config, "corpus"),
            out=knobs.path(config, "out"),
            check=knobs.switch(config, "check"),
            isolate=knobs.switch(config, "isolate"),
            timeout=knobs.seconds(config, "timeout"),
            soundness=knobs.switch(config, "soundness"),
            digests=knobs.count(config, "digests", "digests", least=0),
            repeat=knobs.count(config, "repeat", "observations", least=1),
            reuse=knobs.switch(config, "reuse"),
        )
        if settings.reuse and (settings.isolate or settings.repeat > 1):
            raise pytest.UsageError("--llem-reuse asks nothing again: leave out --llem-isolate and --llem-repeat")
        if settings.engine is None:
            for name in _NEED_AN_ENGINE:
                if knobs.flag(config, name):
                    raise pytest.UsageError(
                        f"--llem-{name} needs --llem-engine: only a run for one engine certifies a corpus"
                    )
        return settings
