"""A corpus as its controller read it, left for its workers: read once a run, while they import the engine.

What is left lies in a folder that only this user can enter and that goes with the run. A worker that finds nothing
there, or what is made of another text than the corpus has now, reads the corpus itself.
"""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from pathlib import Path
from typing import Final, final

from pytest_llem_invariants.model import Corpus

_NAME: Final = "corpus"
_DIGEST: Final = 64


@final
class Handover:
    """The controller's side."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="llem-invariants-"))

    def leave(self, corpus: Corpus, sha256: str) -> None:
        """Under its name only when it is whole. Nobody needs it: a full disk is no trouble."""
        draft = self.folder / f"{_NAME}.part"
        try:
            draft.write_bytes(sha256.encode("ascii") + pickle.dumps(corpus, pickle.HIGHEST_PROTOCOL))
            os.replace(draft, self.folder / _NAME)
        except OSError:
            draft.unlink(missing_ok=True)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def taken_over(folder: Path, sha256: str) -> Corpus | None:
    """The corpus that a controller left in its folder, if it is of this text."""
    try:
        left = (folder / _NAME).read_bytes()
    except OSError:
        return None
    if left[:_DIGEST] != sha256.encode("ascii"):
        return None
    corpus: Corpus = pickle.loads(left[_DIGEST:])
    return corpus
