"""What a library makes of one type of model, found in a child: a look at it changes the process."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.replay.state import without_waiting

_SPARE: Final = 8 * 1024**3


def looked_at(entry: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What `entry` gives, found quietly in a child; why there is `none` where the child did not come to an end."""

    def answer() -> bytes:
        logging.disable(logging.CRITICAL)
        time.sleep = without_waiting
        return json.dumps(entry()).encode()

    data, trouble = in_child(answer, seconds, _SPARE)
    found: dict[str, Any] = {"none": trouble} if trouble is not None else json.loads(data)
    return found
