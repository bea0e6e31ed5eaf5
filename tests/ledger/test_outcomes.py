"""Why there is no rule: one closed list of causes, each with its reason in the ledger and its sentence."""

from __future__ import annotations

import pickle

import pytest

from miners.candidates.outcomes import Cause, Reason, Why
from miners.ledger.making import _FIRST

FILLED = {"place": "lib/a.py:7", "names": ("model", "seed"), "config": "{'n': 1}", "said": "ValueError"}


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
