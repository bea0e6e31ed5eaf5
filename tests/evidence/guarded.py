"""Classes whose checks stand one behind the other."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Inner:
    role: str | None = None
    connector: str | None = None

    def __post_init__(self) -> None:
        if self.connector is not None and self.role is None:
            raise ValueError("a connector needs a role")


@dataclass
class Outer:
    size: int = 1
    step: int | None = None
    fast: bool = False
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.fast and self.step is None:
            raise ValueError("fast needs a step")
        if self.fast and self.size > 4:
            raise ValueError("behind a check of its own")
        if self.inner.connector == "wide":
            raise ValueError("behind a check of what it holds")
        if self.size > 90:
            raise ValueError("too large")
        if self.size > 90 and self.step == 3:
            raise ValueError("never met")
