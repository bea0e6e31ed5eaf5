"""The laws of an engine: `memory.discovered.json` beside its corpus, of which one type is needed at a time."""

from __future__ import annotations

import json
import os

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.fit.models import spoken_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

FILE = "memory.discovered.json"
_FIX = "run llem-mine memory"
_LINE = '  "'


def laws_path(root: str, engine: str) -> str:
    return os.path.join(root, "corpora", engine, FILE)


def laws_of(path: str, config: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """What stands above all types, and the laws of the one that a config is of; None where there are none.

    A type of another name with the architecture of a known one has its laws. Each type stands on a line of its own:
    the others are not parsed.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"the laws of memory cannot be read: {error}", path=path, fix=_FIX) from error
    begin = text.find('"model_types": {')
    end = text.find("\n }", begin)
    if begin < 0 or end < begin:
        raise CorpusError("not a file of laws of memory", path=path, fix=_FIX)
    line = _line_of(text, config, begin, end)
    if line is None:
        return None
    try:
        head = json.loads(text[:begin] + '"model_types": {}' + text[end + 3 :])
        entry = json.loads(line[line.index("{") :].rstrip().rstrip(","))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"the laws of memory cannot be read: {error}", path=path, fix=_FIX) from error
    if str(head.get("schema_version", "")).partition(".")[0] != "1" or not isinstance(entry.get("items"), list):
        raise CorpusError("not a file of laws of memory of format 1", path=path, fix=_FIX)
    entry["spoken"] = head.get("spoken", ())
    if not line.startswith(f'{_LINE}{config.get("model_type")}"'):  # another type has other defaults
        known = spoken_by(entry)
        entry["required"] = [
            name for name, value in entry.get("defaults", {}).items() if type(value) is int and name in known
        ]
        entry["derived"] = {}
    return head, entry


def _line_of(text: str, config: Mapping[str, Any], begin: int, end: int) -> str | None:
    kind = config.get("model_type")
    at = text.find(f'\n{_LINE}{kind}": {{', begin, end) if type(kind) is str else -1
    if at < 0:
        names = config.get("architectures")
        first = names[0] if type(names) is list and names and type(names[0]) is str else None
        found = text.find(f'"architecture":"{first}"', begin, end) if first else -1
        at = text.rfind(f"\n{_LINE}", begin, found) if found >= 0 else -1
    if at < 0:
        return None
    stop = text.find("\n", at + 1)
    return text[at + 1 : stop if stop >= 0 else end]
