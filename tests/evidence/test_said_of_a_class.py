"""Where mining a class gives no rule, or not all of them, one sentence says why, and the exit status whether."""

from __future__ import annotations

from pathlib import Path

import pytest

from miners.cli import main
from miners.process.commands import OK, REFUSED

_MODULE = """
class Registry(dict):
    pass

settings = Registry()
limit = 3

def build(size=1):
    return size

class NoFields:
    def __init__(self, *parts):
        pass

class AnyKeyword:
    def __init__(self, **given):
        pass

class AcceptsAll:
    def __init__(self, size=1, name="x"):
        pass

class NeedsName:
    def __init__(self, name, size=1):
        if name != "x" or size < 1:
            raise ValueError("no")

class NeedsServer:
    def __init__(self, server, size=1):
        if not callable(getattr(server, "send", None)):
            raise TypeError("a server has send()")

class NeedsOneOf:
    def __init__(self, timeout=None, read=None, size=1):
        if timeout is None and read is None:
            raise ValueError("give timeout or read")
        if size < 1:
            raise ValueError("size must be positive")

class NeedsPackage:
    def __init__(self, size=1):
        import a_package_of_nobody

class Asks:
    def __init__(self, size=1):
        self.size = size
    def validate(self, platform):
        raise ValueError

class ChecksOnlyWhatIsReady:
    def __init__(self, size=1):
        self.size = size
    def check_ready(self):
        raise RuntimeError("not ready")
    def check_size(self):
        if self.size == 13:
            raise ValueError("size must not be 13")

class Pass:
    pass
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "said_of_it.py").write_text(_MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return "said_of_it"


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        (
            "settings",
            REFUSED,
            "settings is an object, not a class — mine its class: llem-mine class",
        ),
        ("limit", REFUSED, "is a int, not a class"),
        ("build", REFUSED, "is a function, not a class"),
        ("NoField", REFUSED, "has no class 'NoField' — did you mean NoFields?"),
        ("NoFields", REFUSED, "its constructor takes no keyword argument"),
        ("AnyKeyword", REFUSED, "its constructor takes any keyword and names none"),
        ("AcceptsAll", OK, "configs of 2 fields that were tried, it accepts every one"),
        ("NeedsName", OK, """cannot be built without name: it was mined with --base '{"name": "x"}'"""),
        ("NeedsServer", REFUSED, "cannot be built without server, and it accepts none of the values tried for it"),
        ("NeedsServer", REFUSED, """in the form --base '{"server": """),
        ("NeedsOneOf", OK, """(ValueError: give timeout or read) — to mine past that check, give e.g. --base"""),
        ("NeedsPackage", REFUSED, "cannot be built on this machine (environment: ModuleNotFoundError: No module named"),
        ("Asks", OK, "not called, because they need arguments: validate(platform)"),
        ("ChecksOnlyWhatIsReady", OK, "check_ready() was left out, because it rejects a newly built object"),
    ],
)
def test_one_sentence_says_it(
    module: str, name: str, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["class", f"{module}.{name}"]) == status
    written, told = capsys.readouterr()
    assert said in told
    assert bool(written) == (status == OK)


def test_a_check_that_the_object_passes_is_mined(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["class", f"{module}.ChecksOnlyWhatIsReady"]) == OK
    assert "size must not be 13" in capsys.readouterr().out


def test_a_package_that_is_not_installed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["class", "a_package_of_nobody.Thing"]) == REFUSED
    assert "a_package_of_nobody is not installed here" in capsys.readouterr().err


def test_a_name_without_a_module_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["class", "Thing"]) == REFUSED
    assert "write module:Class" in capsys.readouterr().err
