"""Pydantic models as somebody would write them over the toy engine's config."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel


class Inner(BaseModel):
    size: int = 1
    colour: str = "red"


class Machine(BaseModel):
    workers: int | None = None
    half: float = 1.0
    plian: int = 3
    words: list[str] | None = None
    inner: Inner | None = None
    handle: dict[str, Any] = {}


class Checked(BaseModel):
    ratio: float = 0.5
    mode: Literal["fast"] | None = None
    speed: int = 1
    needed: str
    inner: Inner | None = None


class Stranger(BaseModel):
    utterly_other: int = 1


class Plain:
    pass
