from __future__ import annotations

import sys
from pathlib import Path

import pytest

from miners.discovery.commit import commit_of

SHA = "0123456789abcdef0123456789abcdef01234567"


def install(place: Path, version: str = "1.0", *, url: str | None = None, module: str | None = None) -> None:
    info = place / f"commitlib-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: commitlib\nVersion: {version}\n")
    if url is not None:
        (info / "direct_url.json").write_text(url)
    (place / "commitlib").mkdir()
    (place / "commitlib/__init__.py").write_text("")
    if module is not None:
        (place / "commitlib/version.py").write_text(module)


@pytest.mark.parametrize(
    ("settings", "commit"),
    [
        ({"url": f'{{"url": "x", "vcs_info": {{"vcs": "git", "commit_id": "{SHA}"}}}}'}, SHA),
        ({"url": '{"url": "file:///x", "dir_info": {}}'}, None),
        ({"module": "__commit_id__ = commit_id = 'g0123abc'"}, "0123abc"),
        ({"module": f"git_version = '{SHA}'"}, SHA),
        ({"module": "git_version = 'unknown'\n__commit_id__ = None"}, None),
        ({"version": "1.0.dev3+g0123abc.d20260101"}, "0123abc"),
        ({"version": "1.0+cpu"}, None),
        ({}, None),
    ],
)
def test_the_commit_is_told_where_the_installation_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], commit: str | None
) -> None:
    install(tmp_path, **settings)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "commitlib"]:
        monkeypatch.delitem(sys.modules, name)
    assert commit_of("commitlib", "commitlib") == commit
    for name in [name for name in sys.modules if name.partition(".")[0] == "commitlib"]:
        del sys.modules[name]


def test_what_is_not_installed_has_no_commit() -> None:
    assert commit_of("no-such-distribution", "no_such_package") is None
