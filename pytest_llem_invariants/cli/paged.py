"""The check inside of a page: the corpora are brought part by part, and every question is answered from memory."""

from __future__ import annotations

import json
import tempfile

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import keep
from pytest_llem_invariants.checker.parts import fetched
from pytest_llem_invariants.cli.asking import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_llem_invariants.checker.layout import Compiled


def start(read: Callable[[str], bytes]) -> Callable[[str], str]:
    """What answers questions; `read` brings a file of the site's `data/` by its name."""
    keep()
    site = json.loads(read("site.json"))
    for folder, place in site["corpora"].items():
        store.bring(folder, _loader(read, place))
    folder = tempfile.mkdtemp()
    for text in ("a: 1", *(f"{engine} serve m" for engine in site["engines"])):
        answer(json.dumps({"text": text}), folder)  # imports and reads, while somebody still writes, what checks need
    return lambda asked: answer(asked, folder)


def _loader(read: Callable[[str], bytes], place: str) -> Callable[[], Compiled]:
    return lambda: fetched(lambda name: read(f"{place}/{name}"), place)
