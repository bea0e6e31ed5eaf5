"""What a refresh asks of git: the commit that it starts from, and one commit that its content alone names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pytest_llem_invariants.errors import MinerError


@final
@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout."""

    root: Path

    @property
    def head(self) -> str:
        return self._git("rev-parse", "HEAD")

    @property
    def moment(self) -> str:
        """When the commit was made that a run starts from, in seconds since 1970."""
        return self._git("log", "-1", "--format=%ct")

    def has(self) -> bool:
        try:
            return bool(self.head)
        except MinerError:
            return False

    def commit(self, paths: Sequence[str], message: str) -> str:
        """Commit these paths alone; from the same commit, the same content has the same name.

        Nothing to commit gives the commit that is there.
        """
        moment = f"{self.moment} +0000"
        self._git("add", "--all", "--", *paths)
        if not self._git("diff", "--cached", "--name-only"):
            return self.head
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        self._git("commit", "--quiet", "--message", message, environment=dates)
        return self.head

    def push(self, remote: str, branch: str) -> None:
        """Push without force: who moved the branch meanwhile is not overwritten."""
        try:
            self._git("push", "--quiet", remote, f"HEAD:refs/heads/{branch}")
        except MinerError as error:
            raise MinerError(
                f"{branch} moved while the cells ran, and nothing was pushed — its new state starts a new run ({error})"
            ) from error

    def _git(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        try:
            done = subprocess.run(
                ["git", *words],
                cwd=self.root,
                env={**os.environ, **(environment or {})},
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise MinerError("git is not installed here — install it, or give --base") from None
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "it failed").splitlines()[-1]
            raise MinerError(f"git {words[0]}: {said}")
        return done.stdout.strip()
