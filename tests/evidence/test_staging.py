"""The files of the producers: every guess once, with what became of it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from miners.candidates.outcomes import Cause, Lost, Proven, Why
from miners.candidates.rules import to_candidate
from miners.candidates.staging_files import write_fates, write_guesses
from pytest_llem_invariants.model import AddedBy, Clause
from pytest_llem_invariants.text.yaml_reader import load_yaml
from tests.evidence.test_handwritten import BY_HAND, WIDER


class Colour(Enum):
    RED = "red"


def test_each_producer_has_a_file_with_every_fate(tmp_path: Path) -> None:
    proven = Proven(WIDER, ("tightened a bound",))
    lost = Lost(to_candidate(BY_HAND), Why(Cause.ACCEPTED))
    written = write_fates(tmp_path, "lib", "1.0", [proven], [lost])
    assert [path.name for path in written] == ["lib_manual_seed.yaml", "lib_static_miner.yaml"]
    by_hand, static = (load_yaml(path.read_text(), path).data for path in written)
    assert static["engine_version"] == "1.0"
    (kept,) = static["candidates"]
    assert (kept["fields"], kept["confirmed"], kept["refined"]) == ({"n": {"<=": 0}}, True, ["tightened a bound"])
    (gone,) = by_hand["candidates"]
    assert (gone["confirmed"], gone["lost"]) == (False, "no example that the library confirms: accepted")


def test_guesses_are_written_the_same_twice_whatever_they_hold(tmp_path: Path) -> None:
    candidate = to_candidate(WIDER)
    odd = type(candidate)(
        **{
            **{name: getattr(candidate, name) for name in candidate.__slots__},
            "fields": {"colour": (Clause("in", [Colour.RED, int]),)},
            "defaults": {"colour": Colour.RED},
            "added_by": AddedBy.STATIC_MINER,
        }
    )
    (first,) = write_guesses(tmp_path, "lib", "1.0", [candidate, odd])
    before = first.read_bytes()
    write_guesses(tmp_path, "lib", "1.0", [candidate, odd])
    assert first.read_bytes() == before
    assert "red" in before.decode()
