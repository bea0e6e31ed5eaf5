"""Why there is no rule: one closed list of causes, each with its reason in the ledger and its sentence."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass

import pytest

from miners.candidates.outcomes import Cause, Reason, Why
from miners.code.imported import ImportedReader
from miners.ledger.making import _FIRST, make_ledger
from miners.static import mine
from miners.surface import class_facts

FILLED = {"place": "lib/a.py:7", "names": ("model", "seed"), "config": "{'n': 1}", "said": "ValueError"}


@dataclass
class Untold:
    """What reading alone does not tell is set."""

    a: int = 0

    def __post_init__(self) -> None:
        if self.a > 5:
            self.a = os.getpid()


def test_what_only_a_library_could_settle_has_a_place_in_the_ledger() -> None:
    surface = {"Untold": class_facts(Untold, "Untold")}
    read = mine(surface, ImportedReader("tests"), engine="toy", tried=False)
    (entry,) = make_ledger(read, (), engine="toy", engine_version="1").entries
    assert (entry.reason, entry.detail) == (Reason.NOT_TRIED, Why(Cause.UNKNOWN_VALUE).sentence)


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.name)
def test_each_cause_is_a_sentence_in_whatever_is_known(cause: Cause) -> None:
    for why in (Why(cause), Why(cause, **FILLED)):  # type: ignore[arg-type]
        assert why.sentence.startswith(cause.words)
        assert not {"{", "}"} & set(why.sentence.replace("{'n': 1}", ""))
        assert pickle.loads(pickle.dumps(why)) == why


def test_the_ledger_orders_every_reason() -> None:
    assert set(_FIRST) == set(Reason) == {cause.reason for cause in Cause}


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        (Why(Cause.ACCEPTED), "no example that the library confirms: accepted"),
        (
            Why(Cause.ANOTHER_CHECK, "lib/a.py:7", said="ValueError"),
            "no example that the library confirms: ValueError at lib/a.py:7 instead",
        ),
        (
            Why(Cause.ANOTHER_CHECK, said="TypeError"),
            "no example that the library confirms: TypeError at construction instead",
        ),
        (Why(Cause.ENVIRONMENT, said="environment: x"), "no example that the library confirms: environment: x"),
        (
            Why(Cause.NO_CONTEXT, names=("platform", "env.A")),
            "no example that the library confirms: it asks for another platform, env.A",
        ),
        (Why(Cause.BEHIND, "lib/a.py:7"), "whatever satisfies it is stopped before, first at lib/a.py:7"),
        (
            Why(Cause.OF_THE_MODEL, names=("model",), config="{'n': 1}"),
            "depends on the model (model): of {'n': 1} it goes away beside another",
        ),
        (
            Why(Cause.CONTRADICTED, config="{'n': '{said}'}"),
            "fires on a config that the library accepts: {'n': '{said}'}",
        ),
        (Why(Cause.STILL_CONTRADICTED, said="4"), "still contradicted after 4 rounds"),
        (
            Why(Cause.NEEDS_ARGUMENT, names=("model",), said="verify"),
            "verify is called with model, which construction does not know",
        ),
        (Why(Cause.CHANGES_PRIVATE, names=("_n",)), "changes _n, which no keyword argument gives"),
    ],
)
def test_the_files_hold_these_sentences(why: Why, sentence: str) -> None:
    assert why.sentence == sentence
