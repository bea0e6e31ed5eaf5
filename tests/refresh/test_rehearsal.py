"""A release goes through the real commands in order, in a repository of its own; what it ends as was judged."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from miners.refresh.cells import read_cells
from miners.refresh.steps import PRODUCERS
from pytest_llem_invariants.errors import MinerError
from tests.refresh.house import House, build

GOLDEN = Path(__file__).parent / "golden"
HERE = ("--python", sys.executable, "--workers", "1")


def assert_golden(name: str, text: str) -> None:
    """Compare with the file that was read and judged; LLEM_GOLDEN=1 writes it, to be read again."""
    path = GOLDEN / name
    if os.environ.get("LLEM_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Rehearsed:
    """What the session made: the refreshed checkout, and a bumped one with its cells."""

    mined: House
    refreshed: House
    comment: str
    bumped: House
    cells: dict[str, Path]

    def copy(self, name: str) -> House:
        """The bumped checkout again, with the shared one as its origin."""
        return self.bumped.clone(name)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    place = tmp_path_factory.mktemp("rehearsal")
    mined = build(place)
    work = ("--work", str(place / "work"))
    mined.run("refresh", "tiny", *HERE, *work, release="1.0")
    mined.commit("Mine tinylib 1.0")
    refreshed = mined.clone("refreshed")
    refreshed.run("refresh", "tiny", "--to", "1.1", *HERE, *work, release="1.1")
    comment = (place / "work/tiny-1.1/comment.md").read_text(encoding="utf-8")
    bumped = mined.clone("bumped")
    bumped.bump("1.1")
    cells = {producer: place / "cells" / producer for producer in PRODUCERS}
    for producer, folder in cells.items():
        bumped.run("cell", "tiny", producer, "--out", str(folder), *HERE, *work, release="1.1")
    return Rehearsed(mined, refreshed, comment, bumped, cells)


def write_back(house: House, cells: object, *more: str, status: int = 0) -> str:
    folders = [str(one) for one in (cells.values() if isinstance(cells, dict) else cells)]  # type: ignore[attr-defined]
    work = house.site.parent / f"work-{house.root.name}"
    done = house.run("writeback", "tiny", *folders, "--work", str(work), *more, release=None, status=status)
    return done.stderr if status else done.stdout


def test_a_refresh_leaves_a_tree_that_is_ready_to_be_committed(rehearsed: Rehearsed) -> None:
    before, after = rehearsed.mined.tree(), rehearsed.refreshed.tree()
    declared = before["engine_versions/tiny.yaml"]
    for old, new in (('version: "1.0"', 'version: "1.1"'), ("tiny:v1.0", "tiny:v1.1"), ('["1.0"]', '["1.0", "1.1"]')):
        declared = declared.replace(old, new)
    assert after["engine_versions/tiny.yaml"] == declared
    assert after["engine_versions/tiny-requirements.txt"] == "torch==2.0\nhelper<3,>=2  # read by Config\nother==1.0\n"
    assert after["docker/Dockerfile.tiny"] == "FROM example.invalid/tiny:v1.1\n"
    assert "proven with tinylib 1.1." in after["README.md"]
    (quoted,) = re.findall(r"^tiny 1\.1: \d rules confirmed, 0 contradicted, .*$", after["README.md"], re.MULTILINE)
    assert quoted in (rehearsed.mined.site.parent / "work/tiny-1.1/log").read_text(encoding="utf-8").splitlines()
    for name in ("invariants.proposed.yaml", "invariants.validated.yaml", "ledger.json", "schema.discovered.json"):
        assert after[f"corpora/tiny/history/1.0/{name}"] == before[f"corpora/tiny/{name}"]
    assert "soundness: {probes:" in after["corpora/tiny/invariants.validated.yaml"]
    assert "docs/reference/engines/schema-diff-tiny-1.0-1.1.md" in after
    assert str(rehearsed.mined.site.parent) not in "".join(after.values())


def test_the_comment_on_a_new_version_is_the_one_that_was_judged(rehearsed: Rehearsed) -> None:
    assert_golden("diff.md", rehearsed.comment)
    assert len(rehearsed.comment.partition("<details>")[0].splitlines()) <= 40


def test_a_version_of_the_history_is_promoted_without_its_library(rehearsed: Rehearsed, tmp_path: Path) -> None:
    house = rehearsed.refreshed.clone("promoted")
    for name, text in rehearsed.refreshed.tree().items():
        (house.root / name).parent.mkdir(parents=True, exist_ok=True)
        (house.root / name).write_text(text, encoding="utf-8")
    before, refresh = house.tree(), ("refresh", "tiny", "--promote", "--work", str(tmp_path), "--to")
    assert "the history has no whole corpus of 1.2" in house.run(*refresh, "1.2", release=None, status=2).stderr
    house.run(*refresh, "1.0", release=None)
    after = house.tree()
    assert 'version: "1.0"' in after["engine_versions/tiny.yaml"]
    for name in ("invariants.proposed.yaml", "invariants.validated.yaml", "ledger.json", "schema.discovered.json"):
        assert after[f"corpora/tiny/{name}"] == before[f"corpora/tiny/history/1.0/{name}"]
        assert after[f"corpora/tiny/history/1.1/{name}"] == before[f"corpora/tiny/{name}"]
        assert f"corpora/tiny/history/1.0/{name}" not in after
    house.run(*refresh, "1.1", release=None)
    assert house.tree()["corpora/tiny/invariants.proposed.yaml"] == before["corpora/tiny/invariants.proposed.yaml"]


def test_two_cells_that_finish_at_once_make_one_commit_of_what_a_refresh_makes(rehearsed: Rehearsed) -> None:
    one, two = rehearsed.copy("first"), rehearsed.copy("second")
    said = write_back(one, rehearsed.cells, "--push", "origin", "bump", "--comment", str(one.root.parent / "said.md"))
    assert one.git("rev-parse", "HEAD") in said
    assert one.git("status", "--porcelain") == ""
    assert one.tree() == rehearsed.refreshed.tree()
    assert (one.root.parent / "said.md").read_text().startswith("### tiny 1.0 → 1.1: ")
    write_back(two, dict(reversed(rehearsed.cells.items())), "--push", "origin", "bump")
    assert one.git("rev-parse", "HEAD") == two.git("rev-parse", "HEAD") == rehearsed.bumped.git("rev-parse", "bump")


def test_the_cells_as_tasks_make_what_a_refresh_makes_and_are_made_once(rehearsed: Rehearsed, tmp_path: Path) -> None:
    house = rehearsed.mined.clone("by-tasks")
    refresh = ("refresh", "tiny", "--to", "1.1", "--on", "here", *HERE, "--work", str(tmp_path))
    house.run(*refresh, release="1.1")
    assert house.tree() == rehearsed.refreshed.tree()
    house.git("checkout", "--quiet", ".")
    house.git("clean", "--quiet", "-fd")
    house.run(*refresh, release=None)
    assert house.tree() == rehearsed.refreshed.tree(), "what was done is kept: no library is asked again"
    said = house.run(*refresh, "--promote", release=None, status=2).stderr
    assert "--on is for what is mined and proven" in said


def test_a_task_that_fails_leaves_the_tree_as_it_was(rehearsed: Rehearsed, tmp_path: Path) -> None:
    house = rehearsed.mined.clone("by-tasks-blocked")
    refresh = ("refresh", "tiny", "--to", "1.2", "--on", "here", *HERE, "--work", str(tmp_path))
    said = house.run(*refresh, release="1.2", status=2).stderr
    assert "tiny invariants: llem-mine cell tiny invariants" in said
    assert "tinylib 1.2 blocks static" in said
    assert house.git("status", "--porcelain") == ""


def test_a_branch_that_moved_meanwhile_is_not_overwritten(rehearsed: Rehearsed) -> None:
    late, other = rehearsed.copy("late"), rehearsed.copy("other")
    moved = other.commit("Something else")
    other.git("push", "--quiet", "origin", "HEAD:refs/heads/moved")
    assert "moved moved while the cells ran, and nothing was pushed" in write_back(
        late, rehearsed.cells, "--push", "origin", "moved", status=2
    )
    assert rehearsed.bumped.git("rev-parse", "moved") == moved


def test_a_cell_that_is_not_the_last_leaves_the_commit_to_the_last(rehearsed: Rehearsed, tmp_path: Path) -> None:
    house = rehearsed.copy("waiting")
    labels = tmp_path / "labels"
    labels.write_text("dependencies\ncell/tiny/invariants\n")
    head = house.git("rev-parse", "HEAD")
    assert "not the last cell; schemas will write back" in write_back(house, rehearsed.cells, "--labels", str(labels))
    assert house.git("rev-parse", "HEAD") == head


def _died(cells: Path) -> None:
    (cells / "schemas" / "cell.json").unlink()


def _partial(cells: Path) -> None:
    (cells / "schemas" / "schema.discovered.json").unlink()


def _changed(cells: Path) -> None:
    (cells / "invariants" / "ledger.json").write_text("{}\n")


def _of_another(key: str, value: str) -> Callable[[Path], None]:
    def change(cells: Path) -> None:
        path = cells / "schemas" / "cell.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    return change


def _uncertified(cells: Path) -> None:
    path = cells / "invariants" / "invariants.validated.yaml"
    path.write_text(path.read_text().replace("\n  kind: container", "\n  kind: host"))


def _missing(cells: Path) -> None:
    shutil.rmtree(cells / "schemas")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_missing, "no cell of schemas — nothing is written until each of invariants, schemas is there"),
        (_died, "schemas: no cell.json: its cell died, or is still running — run that cell again"),
        (_partial, "schema.discovered.json: No such file or directory, though its cell lists it"),
        (_changed, "ledger.json: not the bytes that its cell lists"),
        (_of_another("version", "1.0"), "made for tiny 1.0, but the branch has 1.1"),
        (_of_another("engine", "vllm"), "a cell of vllm, not of tiny"),
        (_of_another("base", "0" * 40), "made from commit 000000000000, but the branch is at"),
        (
            _uncertified,
            "not certified: the rules were replayed on a host: only tox and containers certify",
        ),
    ],
)
def test_nothing_is_taken_of_cells_that_cannot_be_trusted(
    rehearsed: Rehearsed, tmp_path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    cells = tmp_path / "cells"
    shutil.copytree(rehearsed.cells["schemas"].parent, cells)
    spoil(cells)
    with pytest.raises(MinerError, match=re.escape(said)):
        read_cells(sorted(cells.iterdir()), "tiny", "1.1", rehearsed.bumped.git("rev-parse", "HEAD"))


def test_a_refused_writeback_leaves_the_branch_as_it_was(rehearsed: Rehearsed) -> None:
    head = rehearsed.bumped.git("rev-parse", "HEAD")
    assert "no cell of invariants" in write_back(rehearsed.bumped, [rehearsed.cells["schemas"]], status=2)
    assert rehearsed.bumped.git("rev-parse", "HEAD") == head
    assert rehearsed.bumped.git("status", "--porcelain") == ""


def test_a_landmark_that_is_gone_stops_the_refresh_with_the_ways_on(rehearsed: Rehearsed, tmp_path: Path) -> None:
    house = rehearsed.mined.clone("blocked")
    work = ("--work", str(tmp_path))
    done = house.run("refresh", "tiny", "--to", "1.2", *HERE, *work, release="1.2", status=2)
    assert "tiny: tinylib 1.2 blocks static" in done.stderr
    assert house.git("status", "--porcelain") == ""
    assert_golden("probe-landmark.md", (tmp_path / "tiny-1.2" / "comment.md").read_text(encoding="utf-8"))


def test_a_pin_outside_is_approved_by_a_comment_and_the_probe_passes(rehearsed: Rehearsed, tmp_path: Path) -> None:
    house = rehearsed.mined.clone("approved")
    house.bump("2.0")
    probe = tmp_path / "probe.json"
    probe.write_text(house.run("probe", "tiny", "--format", "json", release="2.0", status=2).stdout)
    comment = house.run("comment", "tiny", "--probe", str(probe), release=None).stdout
    assert_golden("probe-pin.md", comment)
    shown = house.run("probe", "tiny", "--producer", "static", "--format", "github", release="2.0", status=2).stdout
    assert shown.startswith(
        "::error file=engine_versions/tiny.yaml,line=8,title=static is blocked::tiny: tinylib 2.0 is"
    )
    asked = [line.strip(" `") for line in comment.splitlines() if "/approve-reuse" in line]
    (tmp_path / "comment").write_text("\n".join(asked))
    words = ("slash", str(tmp_path / "comment"), "--author", "ada", "--permission")
    refused = house.run(*words, "read", release=None, status=2).stdout
    assert "@ada has the permission 'read' here" in refused
    assert house.git("status", "--porcelain") == ""
    answer = house.run(*words, "write", release="2.0").stdout
    assert '+  static: ">=1,<3"' in answer
    assert "static      ready: pin <3,>=1" in answer
    assert "miner_pins:  # each reads other parts" in (house.root / "engine_versions/tiny.yaml").read_text()
