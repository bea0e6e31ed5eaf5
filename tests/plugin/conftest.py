from __future__ import annotations

import pytest

from tests.plugin.house import House


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(pytester, monkeypatch)


@pytest.fixture(params=[(), ("-n", "0"), ("-n", "2")], ids=["no xdist", "-n 0", "-n 2"])
def workers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Every way in which a run may be shared out."""
    if request.param == ():
        return ("-p", "no:xdist")
    shared: tuple[str, ...] = request.param
    return shared
