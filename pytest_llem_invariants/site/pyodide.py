"""The Python that runs in a page: the files of the npm package `pyodide`, from a folder, or fetched with npm."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.bounded import read_bytes

VERSION: Final = "314.0.7"
NONE: Final = "none"
_FILES: Final = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
_FOLDER: Final = "pyodide/"
_PATIENCE: Final = 300


def files(given: str | None) -> Iterator[tuple[str, bytes]]:
    """The files for the site; nothing where it is to be made without."""
    if given == NONE:
        return
    if given is not None:
        yield from _of_folder(Path(given))
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from _of_folder(_fetched(Path(folder)))


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    manifest = folder / "package.json"
    if not manifest.is_file():
        raise LlemError(f"{folder} is not the npm package pyodide — npm install pyodide@{VERSION}, and name its folder")
    version = json.loads(read_bytes(manifest)).get("version")
    if version != VERSION:
        raise LlemError(f"{folder} has pyodide {version}, not {VERSION} — npm install pyodide@{VERSION}")
    for name in _FILES:
        yield _FOLDER + name, read_bytes(folder / name)


def _fetched(folder: Path) -> Path:
    """The package as npm brings it, unpacked; npm compares it with the digest that the registry has."""
    npm = shutil.which("npm")
    fix = f"give --pyodide the folder of the npm package pyodide {VERSION}, or `{NONE}` for a site that does not check"
    if npm is None:
        raise LlemError(f"npm is not installed — {fix}")
    words = [npm, "pack", "--silent", f"pyodide@{VERSION}"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LlemError(f"npm cannot fetch pyodide: {error} — {fix}") from error
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode or packed is None:
        said = (done.stderr.strip() or "no answer").splitlines()[-1]
        raise LlemError(f"npm cannot fetch pyodide: {said} — {fix}")
    with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"
