"""The kept corpora of real releases go through the commands in order; no library is asked, only read what it said.

The golden files were read and judged: LLEM_GOLDEN=1 writes them after a corpus was mined anew, to be read again.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.version import Version

from miners.causes.between import Between
from miners.causes.grouping import CauseKind, differences
from miners.causes.pairing import Side
from miners.causes.releases import Releases
from miners.refresh.cells import FILE, Cell
from miners.refresh.steps import PRODUCERS
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.layout import PROPOSED, SCHEMA
from pytest_llem_invariants.corpus.schema_layout import read_schema
from pytest_llem_invariants.ssot import load_ssot
from tests.refresh.house import ROOT, House
from tests.refresh.test_rehearsal import assert_golden

TRANSFORMERS = ("4.57.6", "5.14.1", "5.23.0", "5.24.0")
VLLM = ("0.19.1", "0.32.0", "0.33.0")
READ = ("CacheConfig", "ModelConfig", "ParallelConfig", "SchedulerConfig")
"""The classes of vLLM whose changes were read; all of them are hundreds."""
OF_THE_SURFACE = (
    CauseKind.FIELD_GONE,
    CauseKind.FIELD_RENAMED,
    CauseKind.FIELD_MOVED,
    CauseKind.CLASS_GONE,
    CauseKind.FIELD_NEW,
    CauseKind.DECLARED,
)
"""What a new look at the rules of a version does not change."""
A_SCREEN = 50
OTHER_ENGINE = re.compile(r"vLLM \d[\w.]*")
PROBES = re.compile(r"\d+ of \d+ probes around")
ENTRY = re.compile(r"^  - id: ", re.MULTILINE)


def kept(engine: str, version: str) -> Path:
    """The corpus of a version, wherever it is at the time."""
    folder = ROOT / "corpora" / engine
    return folder if load_ssot(engine, ROOT).version == version else folder / "history" / version


def settle(root: Path, engine: str, versions: tuple[str, ...]) -> House:
    """A repository that has these versions of an engine, and the first of them as its default."""
    for name in ("engine_versions", "docker"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("README.md", "tox.ini", "pyproject.toml", "renovate.json"):
        shutil.copyfile(ROOT / name, root / name)
    (root / "docs").mkdir()
    shutil.copytree(ROOT / "corpora" / engine, root / "corpora" / engine, ignore=shutil.ignore_patterns("_staging"))
    house = House(root, root.parent / "site")
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(root)], check=True)
    house.named()
    house.commit("Begin")
    promote(house, engine, versions[0])
    return house


def promote(house: House, engine: str, version: str) -> str:
    """The comment on a version whose corpus the history has."""
    work = house.site.parent / "work"
    house.run("refresh", engine, "--to", version, "--promote", "--work", str(work), release=None)
    house.commit(f"Mine {engine} {version}")
    return (work / f"{engine}-{version}" / "comment.md").read_text(encoding="utf-8")


def changed(house: House) -> str:
    """Which files a commit changed, and what a person would have edited by hand."""
    names = house.git("show", "--name-status", "--no-renames", "--format=%s", "HEAD")
    shown = house.git("show", "--unified=0", "--format=", "HEAD", "--", ".", ":!corpora", ":!docs").splitlines()
    lines = [OTHER_ENGINE.sub("vLLM X", line) for line in shown if re.match(r"[+-](?![+-])", line)]
    return "\n".join([names, "", *lines, ""])


@pytest.fixture(scope="module")
def transformers(tmp_path_factory: pytest.TempPathFactory) -> House:
    return settle(tmp_path_factory.mktemp("pairs") / "house", "transformers", TRANSFORMERS)


def cells_of(house: House, version: str, folder: Path) -> list[str]:
    """What the cells of a version would hand over, of the artefacts that are kept."""
    source = house.root / "corpora" / "transformers" / "history" / version
    for producer, names in PRODUCERS.items():
        place = folder / producer
        place.mkdir(parents=True)
        files = {name: (source / name).read_text(encoding="utf-8") for name in names if (source / name).exists()}
        for name, text in files.items():
            (place / name).write_text(text, encoding="utf-8")
        told = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
        cell = Cell("transformers", producer, version, house.git("rev-parse", "HEAD"), told, {}, ())
        (place / FILE).write_text(json.dumps(asdict(cell)))
    return [str(folder / producer) for producer in PRODUCERS]


def test_each_release_of_transformers_gives_the_comment_and_the_commit_that_were_judged(
    transformers: House, tmp_path: Path
) -> None:
    for old, new in pairwise(TRANSFORMERS):
        other = transformers.clone(f"cells-{new}")
        cells = cells_of(other, new, tmp_path / new)
        comment = promote(transformers, "transformers", new)
        assert len(comment.partition("<details>")[0].splitlines()) <= A_SCREEN
        assert_golden(f"transformers-{old}-{new}.md", PROBES.sub("N of N probes around", comment))
        assert_golden(f"transformers-{old}-{new}.commit", changed(transformers))

        text = (other.root / "engine_versions/transformers.yaml").read_text(encoding="utf-8")
        bumped = text.replace(f'version: "{old}"', f'version: "{new}"', 1)
        (other.root / "engine_versions/transformers.yaml").write_text(bumped, encoding="utf-8")
        other.commit(f"Update transformers to {new}")
        for folder in cells:
            told = json.loads((Path(folder) / FILE).read_text())
            (Path(folder) / FILE).write_text(json.dumps({**told, "base": other.git("rev-parse", "HEAD")}))
        work = ("--work", str(tmp_path / f"work-{new}"))
        other.run("writeback", "transformers", *cells, "--comment", str(tmp_path / "said.md"), *work, release=None)
        assert other.tree() == transformers.tree(), "the cells of the matrix and one machine make the same commit"
        assert (tmp_path / "said.md").read_text(encoding="utf-8").partition("\n- `")[0] in comment


def test_a_pin_of_a_real_engine_is_widened_in_its_line_alone(transformers: House) -> None:
    other = transformers.clone("widened")
    path = other.root / "engine_versions/transformers.yaml"
    before = path.read_text(encoding="utf-8").splitlines()
    beyond = f"{Version(TRANSFORMERS[-1]).major + 3}.0.0"
    other.run("approve-reuse", "transformers", "static", "--version", beyond, release=None)
    after = path.read_text(encoding="utf-8").splitlines()
    (moved,) = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert moved[0].split(":")[0] == moved[1].split(":")[0] == "  static"


@pytest.mark.parametrize(("old", "new"), list(pairwise(VLLM)))
def test_what_changed_on_the_surface_of_vllm_is_what_was_judged(old: str, new: str, tmp_path: Path) -> None:
    sides = [Side(read_rules(tmp_path / version, version)) for version in (old, new)]
    schemas = (read_schema(kept("vllm", version) / SCHEMA) for version in (old, new))
    found = differences(*sides, Between(*schemas), Releases.read(ROOT / "corpora/vllm"))
    causes = [one for one in found.causes if one.kind in OF_THE_SURFACE and one.subject.startswith(READ)]
    lines = [f"{one.kind}: {one.subject}{' — ' * bool(one.detail)}{one.detail}" for one in causes]
    assert_golden(f"vllm-{old}-{new}.txt", "\n".join(sorted(lines)) + "\n")


def read_rules(root: Path, version: str) -> Checker:
    """The rules of the classes that were read."""
    head, *rules = ENTRY.split((kept("vllm", version) / PROPOSED).read_text(encoding="utf-8"))
    chosen = [one for one in rules if any(f"native_type: vllm.config.{name}\n" in one for name in READ)]
    root.mkdir()
    (root / PROPOSED).write_text(head + "".join(f"  - id: {one}" for one in chosen), encoding="utf-8")
    return Checker.load("vllm", corpus=root / PROPOSED, root=ROOT)
