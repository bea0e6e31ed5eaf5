"""A repository with a small engine of a few releases, in which the real commands run as the workflows call them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from miners.cli import main

ROOT = Path(__file__).parents[2]

OLD = '''
class Config:
    """A config."""

    def __init__(self, size: int = 1, top: int = 4, swap: int = 0):
        self.size, self.top, self.swap = size, top, swap
        if size < 0:
            raise ValueError(f"size must not be negative, got {size}")
        if top > 8:
            raise ValueError("top is at most 8")
        if swap < 0:
            raise ValueError("swap must not be negative")

    def verify(self):
        if self.size > 64:
            raise ValueError("size is at most 64")
'''
NEW = (
    OLD.replace(", swap: int = 0", "")
    .replace("self.size, self.top, self.swap = size, top, swap", "self.size, self.top = size, top")
    .replace('        if swap < 0:\n            raise ValueError("swap must not be negative")\n', "")
    .replace("top > 8", "top > 6")
    .replace("top is at most 8", "top is at most 6")
    .replace("size is at most 64", "size cannot exceed 64")
)
MOVED = NEW.replace("def verify", "def verified")
MOMENT = "2026-01-02T03:04:05+0000"
RELEASES = {"1.0": OLD, "1.1": NEW, "1.2": MOVED, "2.0": NEW}

SSOT = """\
# What is known of tiny.
engine: tiny
library: tinylib
version: "1.0"  # Renovate writes this
image: example.invalid/tiny:v1.0

miner_pins:  # each reads other parts
  static: ">=1,<2"
  dynamic: ">=1"
  discovery: ">=1"
  invariants: ">=1"
  schemas: ">=1"

native_types:
  tinylib.Config: {class: "tinylib:Config", validate: [verify], probes: 60}
landmarks: {all: [tinylib], static: ["tinylib:Config.verify"]}
loggers: [tinylib]
history: ["1.0"]
recipe:
  - [torch==2.0]
  - [-r, tiny-requirements.txt]
  - ["tinylib=={version}"]
"""
RENOVATE = """\
{"customManagers": [{
  "customType": "regex", "depNameTemplate": "tinylib", "datasourceTemplate": "pypi",
  "managerFilePatterns": ["/^engine_versions/tiny\\\\.yaml$/", "/^docker/Dockerfile\\\\.tiny$/", "/^README\\\\.md$/"],
  "matchStrings": ["library: tinylib\\\\s+version: \\"(?<currentValue>[^\\"]+)\\"",
    "tiny:v(?<currentValue>[0-9]+(?:\\\\.[0-9]+)+)",
    "proven with tinylib (?<currentValue>[0-9]+(?:\\\\.[0-9]+)+)"]
}]}
"""


@dataclass(frozen=True)
class House:
    """One checkout, and the folders of the releases."""

    root: Path
    site: Path

    def run(self, *arguments: str, release: str | None, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run llem-mine where a release is installed; without one in this process, for that needs no library."""
        if release is None:
            return self._run_here(arguments, status)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LLEM_", "GIT_"))}
        done = subprocess.run(
            [sys.executable, "-c", "from miners.cli import command; command()", *arguments],
            cwd=self.root,
            env={
                **inherited,
                "PYTHONPATH": os.pathsep.join([str(self.site / release), str(ROOT)]),
                "XDG_CACHE_HOME": str(self.site.parent / "cache"),
                "LLEM_ENVIRONMENT_KIND": "container",
                "LLEM_IMAGE_REF": "example.invalid/tiny@sha256:0",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def _run_here(self, arguments: Sequence[str], status: int) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        cache = {"XDG_CACHE_HOME": str(self.site.parent / "cache")}
        with chdir(self.root), patch.dict(os.environ, cache), redirect_stdout(out), redirect_stderr(err):
            found = main(arguments)
        assert found == status, out.getvalue() + err.getvalue()
        return subprocess.CompletedProcess(arguments, found, out.getvalue(), err.getvalue())

    def git(self, *words: str) -> str:
        dates = {"GIT_AUTHOR_DATE": MOMENT, "GIT_COMMITTER_DATE": MOMENT}
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **dates}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def clone(self, name: str) -> House:
        root = self.site.parent / name
        subprocess.run(["git", "clone", "--quiet", str(self.root), str(root)], check=True)
        other = House(root, self.site)
        other.named()
        return other

    def named(self) -> None:
        self.git("config", "user.name", "A Bot")
        self.git("config", "user.email", "bot@example.invalid")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text
        (self.root / path).write_text(text.replace(old, new), encoding="utf-8")

    def bump(self, version: str) -> str:
        """What Renovate commits."""
        self.edit("engine_versions/tiny.yaml", 'version: "1.0"', f'version: "{version}"')
        for path in ("engine_versions/tiny.yaml", "docker/Dockerfile.tiny"):
            self.edit(path, "tiny:v1.0", f"tiny:v{version}")
        self.edit("README.md", "tinylib 1.0", f"tinylib {version}")
        return self.commit(f"Update tinylib to {version}")

    def tree(self) -> dict[str, str]:
        """Every committed or commit-ready file."""
        names = self.git("ls-files", "--cached", "--others", "--exclude-standard").splitlines()
        return {name: (self.root / name).read_text("utf-8") for name in names if (self.root / name).exists()}


def build(place: Path) -> House:
    """The repository before anything is mined, and the releases."""
    for version, code in RELEASES.items():
        package = place / "site" / version / "tinylib"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(code, encoding="utf-8")
        info = package.parent / f"tinylib-{version}.dist-info"
        info.mkdir()
        requires = "Requires-Dist: torch==2.1\nRequires-Dist: helper<3,>=2\n" if version != "1.0" else ""
        metadata = f"Metadata-Version: 2.1\nName: tinylib\nVersion: {version}\n{requires}"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
    house = House(place / "house", place / "site")
    files = {
        "engine_versions/tiny.yaml": SSOT,
        "engine_versions/tiny-requirements.txt": "torch==2.0\nhelper==1.4  # read by Config\nother==1.0\n",
        "docker/Dockerfile.tiny": "FROM example.invalid/tiny:v1.0\n",
        "README.md": "Rules are proven with tinylib 1.0.\n\ntiny 1.0: 0 rules confirmed, as a run says\n",
        "renovate.json": RENOVATE,
        ".gitignore": "_staging/\n",
        "corpora/tiny/.gitkeep": "",
    }
    for name, text in files.items():
        (house.root / name).parent.mkdir(parents=True, exist_ok=True)
        (house.root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(house.root)], check=True)
    house.named()
    house.commit("Begin")
    return house
