"""Write a site into a folder: the only module here that touches the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from pytest_llem_invariants.errors import LlemError

MARK: Final = ".llem-site"
"""Says that a folder is a site of ours, which may be replaced."""
_ASSETS: Final = Path(__file__).parent / "assets"
File = tuple[str, bytes]


def assets() -> Iterator[File]:
    """Styles, scripts and pictures, as they come with the package."""
    for path in sorted(_ASSETS.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            yield f"assets/{path.name}", path.read_bytes()


def publish(files: Iterable[File], out: Path) -> tuple[int, int]:
    """Put the files where a site was or nothing is; the number of files and of bytes. Nothing else is ever removed."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).is_file())):
        raise LlemError(f"{out} is not empty, and no site of ours — name a new folder")
    new = out.with_name(f".{out.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    count = size = 0
    made: set[str] = set()
    for name, data in chain(files, [(MARK, b"")]):
        folder, _, _ = name.rpartition("/")
        if folder not in made:
            (new / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        with open(new / name, "xb") as file:
            file.write(data)
        count += 1
        size += len(data)
    if out.exists():
        shutil.rmtree(out)
    os.replace(new, out)
    return count - 1, size
