"""What `llem-mine static` and `lift` found is what a build reads, and the other way round."""

from __future__ import annotations

from pathlib import Path

from tests.refresh.house import House, build
from tests.runs.database import opened


def written(house: House, stage: str = "read") -> dict[str, float]:
    """When the result of each job of a stage was written."""
    (path,) = (house.site.parent / "cache").rglob("state.sqlite")
    with opened(path) as connection:
        return dict(connection.execute("SELECT name, at FROM kept WHERE name LIKE ?", (f"{stage} %",)))


def test_a_build_reads_what_the_static_miner_staged(tmp_path: Path) -> None:
    house = build(tmp_path)
    said = house.run("static", "tiny", release="1.0").stdout
    assert "tiny_static_miner.yaml" in said
    staged = written(house)
    assert len(staged) == 1
    house.run("build", "tiny", "--from", "prove", "--workers", "1", release="1.0")
    assert written(house) == staged, "the class was not read again"
    mined = house.tree()["corpora/tiny/invariants.proposed.yaml"]
    assert "size must not be negative" in mined
    assert house.run("static", "tiny", release="1.0").stdout.splitlines()[-1] == said.splitlines()[-1]
    house.run("build", "tiny", "--from", "read", "--workers", "1", release="1.0")
    assert written(house) != staged
    again = house.tree()["corpora/tiny/invariants.proposed.yaml"]
    assert [line for line in again.splitlines() if "_at:" not in line] == [
        line for line in mined.splitlines() if "_at:" not in line
    ]


def test_a_build_reads_what_was_lifted_and_the_probing_what_was_read(tmp_path: Path) -> None:
    house = build(tmp_path)
    house.run("build", "tiny", "--workers", "1", release="1.0")
    mined = house.tree()["corpora/tiny/invariants.proposed.yaml"]
    lifted, read = written(house, "lift"), written(house)
    assert len(lifted) == len(read) == 1
    house.run("lift", "tiny", release="1.0")
    house.run("dynamic", "tiny", release="1.0")
    house.run("build", "tiny", "--from", "prove", "--workers", "1", release="1.0")
    assert (written(house, "lift"), written(house)) == (lifted, read), "nothing was done again"
    assert house.tree()["corpora/tiny/invariants.proposed.yaml"] == mined
    house.run("build", "tiny", "--from", "lift", "--workers", "1", release="1.0")
    assert written(house) == read
    assert written(house, "lift") != lifted
