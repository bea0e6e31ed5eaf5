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
class Plan:
    width: int = 1

    def prepare(self) -> None:
        """Nothing to do, but nothing cannot do it."""


@dataclass
class Outer:
    size: int = 1
    step: int | None = None
    fast: bool = False
    inner: Inner = field(default_factory=Inner)
    deep: bool = False
    spare: Inner | None = None
    plan: Plan | None = None

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
        if self.deep:
            self.plan.prepare()  # type: ignore[union-attr]
            if self.size == 3:
                raise ValueError("behind an object that is not given")
        if self.step == 7:
            self.fast = True
        if self.fast and self.inner.role is None:
            raise ValueError("fast needs a role")
        if self.step == 7 and self.size == 2:
            raise ValueError("behind a check of what the code has set")
        if self.size == 5 and id(self) % 1 == 0:
            raise ValueError("five, if so")
        if self.size == 5 and self.step == 5:
            raise ValueError("behind what nobody reads")


@dataclass
class Runner:
    mode: str | None = None
    fast: bool = False
    outputs: bool = False
    size: int = 1

    def __post_init__(self) -> None:
        if self.outputs and self.mode != "two" and not self.fast:
            raise ValueError("outputs need mode two")
        if self.mode == "two" or self.fast:
            raise ValueError("mode two needs a package")
        if self.outputs and self.size > 3:
            raise ValueError("behind what is not installed")
        if self.size == 8:
            raise ValueError("eight")
