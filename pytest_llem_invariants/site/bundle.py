"""What the page that checks needs beside its scripts: this package's Python, and the compiled corpora in parts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, Final

import packaging
import yaml

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.layout import PROPOSED
from pytest_llem_invariants.checker.parts import parts
from pytest_llem_invariants.checker.releases import FILE as RELEASES
from pytest_llem_invariants.fit.store import FILE as MEMORY
from pytest_llem_invariants.site import pyodide
from pytest_llem_invariants.site.library import Engine, Library
from pytest_llem_invariants.worlds.devices import table

PYTHON: Final = "data/python.zip"
SITE: Final = "data/site.json"
_PACKAGE: Final = Path(__file__).parents[1]
_ROOMS: Final = ("checker", "cli", "corpus", "fit", "language", "process", "readers", "text", "worlds")
"""What a check runs; the rest of the package proves rules or makes pages."""
_BESIDE: Final = (RELEASES, MEMORY)
_WHEN: Final = (1980, 1, 1, 0, 0, 0)
_SHAPES: Final = Path(__file__).parent / "shapes.json"


def files(library: Library) -> Iterator[tuple[str, bytes]]:
    folder = Path(store.data_root(library.root))
    digest = sha256(pyodide.VERSION.encode())
    for name, data in chain([(PYTHON, _zipped(_python(library, folder)))], _corpora(library)):
        digest.update(f"{name} {len(data)} ".encode() + data)
        yield name, data
    yield SITE, (json.dumps({"digest": digest.hexdigest(), **_site(library)}, indent=1) + "\n").encode()


def _corpora(library: Library) -> Iterator[tuple[str, bytes]]:
    for edition in library.editions:
        for name, data in parts(store.load(edition.engine, edition.version, library.root).text):
            yield f"data/{edition.name}/{name}", data


def _site(library: Library) -> Mapping[str, Any]:
    """What the page offers to choose from, and where the corpora lie."""
    return {
        "answers": "page",
        "engines": {engine.name: [edition.version for edition in engine.editions] for engine in library.engines},
        "corpora": {
            _place(engine, at): edition.name for engine in library.engines for at, edition in enumerate(engine.editions)
        },
        "gpus": [entry["name"] for entry in table()],
        "models": json.loads(_SHAPES.read_text(encoding="utf-8")),
    }


def _place(engine: Engine, at: int) -> str:
    """The folder of a version among the packaged corpora: the newest that was mined stands for itself."""
    edition = engine.editions[at]
    is_kept = edition.folder.parent.name == "history"
    return f"corpora/{engine.name}/history/{edition.version}" if is_kept else f"corpora/{engine.name}"


def _python(library: Library, root: Path) -> Iterator[tuple[str, bytes]]:
    """Modules and data as an installed package has them; of a corpus stands there that it is, and what is small."""
    for path in (*_PACKAGE.glob("*.py"), *(one for room in _ROOMS for one in (_PACKAGE / room).rglob("*"))):
        if path.suffix in (".py", ".json"):
            yield f"{_PACKAGE.name}/{path.relative_to(_PACKAGE).as_posix()}", path.read_bytes()
    for package in (yaml, packaging):
        home = Path(str(package.__file__)).parent
        for path in home.rglob("*.py"):
            yield f"{home.name}/{path.relative_to(home).as_posix()}", path.read_bytes()
    data = f"{_PACKAGE.name}/_data"
    for engine in library.engines:
        name = f"engine_versions/{engine.name}.yaml"
        yield f"{data}/{name}", (root / name).read_bytes()
        for file in _BESIDE:
            path = root / "corpora" / engine.name / file
            if path.exists():
                yield f"{data}/corpora/{engine.name}/{file}", path.read_bytes()
        for at in range(len(engine.editions)):
            yield f"{data}/{_place(engine, at)}/{PROPOSED}", b""


def _zipped(entries: Iterator[tuple[str, bytes]]) -> bytes:
    """A zip that is the same each time it is made of the same."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(entries):
            archive.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()
