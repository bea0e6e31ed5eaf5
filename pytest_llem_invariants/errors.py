"""Errors that reach a user. Each is one sentence: the place, what is wrong, the fix."""

from __future__ import annotations

TYPE_CHECKING = False  # the checker starts without `typing`
if TYPE_CHECKING:
    from pathlib import Path


class LlemError(Exception):
    """Base of every error that this project raises intentionally; the commands end with exit status 2."""


class CorpusError(LlemError):
    """A file that is not a valid corpus, SSOT or quarantine."""

    def __init__(
        self,
        message: str,
        *,
        path: Path | str | None = None,
        line: int | None = None,
        rule_id: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.message = message
        self.path = None if path is None else str(path)
        self.line = line
        self.rule_id = rule_id
        self.fix = fix
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        place = ""
        if self.path is not None:
            place = f"{self.path}:{self.line}: " if self.line is not None else f"{self.path}: "
        rule = f"rule {self.rule_id!r}: " if self.rule_id is not None else ""
        fix = f" — {self.fix}" if self.fix else ""
        return f"{place}{rule}{self.message}{fix}"


class EngineUnavailableError(LlemError):
    """The engine is unknown, not installed, or its installation is broken."""


class NoSuchWorldError(EngineUnavailableError):
    """Facts that no world has together, as far as this project can make one."""


class MinerError(LlemError):
    """A miner cannot work with this library."""


class MinerVersionMismatchError(MinerError):
    """The installed library is outside the specifier that the SSOT pins."""

    def __init__(self, engine: str, library: str, role: str, specifier: str, installed: str) -> None:
        self.engine = engine
        self.library = library
        self.role = role
        self.specifier = specifier
        self.installed = installed
        super().__init__(
            f"{engine}: {library} {installed} is installed, but the {role!r} pin asks for {specifier!r} — "
            f"install a matching {library}, or widen miner_pins.{role} in engine_versions/{engine}.yaml"
        )


class MinerLandmarkMissingError(MinerError):
    """This version of the library lacks a class or method on which a miner relies."""

    def __init__(
        self, engine: str, landmark: str, detail: str = "", nearest: str = "", names: tuple[str, ...] = ()
    ) -> None:
        self.engine = engine
        self.landmark = landmark
        self.names = names
        because = f" ({detail}{nearest})" if detail else ""
        super().__init__(
            f"{engine}: landmark {landmark!r} is missing{because} — "
            f"the library moved it; find its new place and update landmarks in engine_versions/{engine}.yaml"
        )
