from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest


@pytest.fixture(autouse=True, scope="module")
def _environment_as_it_was() -> Iterator[None]:
    """Snippets read the environment, and one writes into it: what it leaves is no other module's business."""
    with mock.patch.dict(os.environ):
        os.environ.pop("OTHER", None)
        yield
