"""pydantic's validators of every mode, on models and dataclasses; what they read of the other values."""

from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass

HELPERS = ("Level",)


class FieldAfter(BaseModel):
    a: int = 0

    @field_validator("a")
    @classmethod
    def check_a(cls, value):
        if value == 1:
            raise ValueError("one")  # error: a == 1 -> one
        return value


class FieldBefore(BaseModel):
    a: Any = 0

    @field_validator("a", mode="before")
    @classmethod
    def check_a(cls, value: Any):
        if isinstance(value, str):
            raise ValueError("no text")  # error: a type_is 'str' -> no text
        return value


class FieldPlain(BaseModel):
    a: Any = 0

    @field_validator("a", mode="plain")
    @classmethod
    def check_a(cls, value: Any):
        if value is None:
            raise ValueError("required")  # error: a absent -> required
        return value


class FieldWrap(BaseModel):
    a: int = 0

    @field_validator("a", mode="wrap")
    @classmethod
    def check_a(cls, value: Any, handler):
        if value == "off":
            raise ValueError("no off")  # error: a == 'off' -> no off
        return handler(value)


class SeveralFields(BaseModel):
    a: int = 0
    b: int = 0

    @field_validator("a", "b")
    @classmethod
    def check_both(cls, value: int, info: ValidationInfo):
        if value == 1:
            raise ValueError(f"{info.field_name} is one")  # error: a == 1 -> a is one; error: b == 1 -> b is one
        return value


class EveryField(BaseModel):
    a: int = 0
    b: int = 0

    @field_validator("*")
    @classmethod
    def check_all(cls, value: int):
        if value == 2:
            raise ValueError("two")  # error: a == 2 or b == 2 -> two
        return value


class InfoData(BaseModel):
    a: int = 0
    b: int = 0

    @field_validator("b")
    @classmethod
    def check_b(cls, value: int, info: ValidationInfo):
        if value == 1 and info.data["a"] == 1:
            raise ValueError("both one")  # error: b == 1 and a == 1 -> both one
        if info.data.get("a") == 2 and value == 2:
            raise ValueError("both two")  # error: a == 2 and b == 2 -> both two
        return value


class ModelAfter(BaseModel):
    a: int = 0
    b: int = 0

    @model_validator(mode="after")
    def check(self):
        if self.a > self.b:
            raise ValueError("order")  # error: a > @b -> order
        return self


class ModelBefore(BaseModel):
    a: Any = None
    b: Any = None

    @model_validator(mode="before")
    @classmethod
    def check(cls, data: Any):
        if data.get("a") == 1 and data.get("b") is None:
            raise ValueError("one needs b")  # error: a == 1 and b absent -> one needs b
        if "b" in data and data["b"] == 2:
            raise ValueError("two")  # error: b == 2 -> two
        return data


class ModelBeforeOfMappings(BaseModel):
    a: Any = None

    @model_validator(mode="before")
    @classmethod
    def check(cls, values: Any):
        if not isinstance(values, dict):
            return values
        if values.get("a", 1) == 2:
            raise ValueError("two")  # error: a == 2 -> two
        return values


class Normalising(BaseModel):
    a: int = 0
    b: int = 0

    @model_validator(mode="after")
    def settle(self):
        if self.a == 1:
            self.b = 7  # dormant: b changes when a == 1
        return self


class NormalisingField(BaseModel):
    a: int = 0

    @field_validator("a")
    @classmethod
    def settle(cls, value: int):
        if value < 0:
            return 0
        return value

    @model_validator(mode="after")
    def check(self):
        if self.a == 0:
            raise ValueError("zero")  # error: a < 0 or a == 0 -> zero
        return self


class Constrained(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = 0


class Inherited(FieldAfter):
    b: int = 0

    @model_validator(mode="after")
    def check(self):
        if self.a == 2 and self.b == 2:
            raise ValueError("both")  # error: a == 2 and b == 2 -> both
        return self


class OverriddenValidator(FieldAfter):
    @field_validator("a")
    @classmethod
    def check_a(cls, value):
        if value == 2:
            raise ValueError("two")  # error: a == 2 -> two
        return value


@dataclass
class OfDataclass:
    a: int = 0
    b: int = 0

    @field_validator("a")
    @classmethod
    def check_a(cls, value: int) -> int:
        if value < 0:
            raise ValueError("negative")  # error: a < 0 -> negative
        return value

    def __post_init__(self):
        if self.a == self.b and self.a > 1:
            raise ValueError("same")  # error: a == @b and a > 1 -> same

    @model_validator(mode="after")
    def check(self):
        if self.b == 1:
            raise ValueError("b is one")  # error: b == 1 -> b is one
        return self


@dataclass
class NestedPart:
    a: int = 0

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("part is negative")  # error: a < 0 -> part is negative


@dataclass
class Whole:
    b: int = 0

    def __post_init__(self):
        if self.b == 1:
            raise ValueError("one")  # error: b == 1 -> one


class InsideText(BaseModel):
    s: str = ""

    @model_validator(mode="after")
    def check(self):
        if "/" in self.s:
            raise ValueError("a path")  # error: s matches '/' -> a path
        if "." not in self.s and self.s == "x":
            raise ValueError("no dot")  # error: s == 'x' -> no dot
        return self


class Level(Enum):
    NONE = 0
    SOME = 1
    MUCH = 2

    def is_high(self) -> bool:
        return self.value > 0


class MethodOfEnumField(BaseModel):
    level: Level = Level.NONE

    @model_validator(mode="after")
    def check(self):
        if self.level.is_high():
            raise ValueError("high")  # error: level == 1 or level == 2 -> high
        return self


class TextElements(BaseModel):
    b: list[str] = []

    @model_validator(mode="after")
    def check(self):
        for one in self.b:
            if one not in {"all", "none"} and one[0] not in {"+", "-"}:
                raise ValueError("sign")  # error: each(b) not_matches '\\A\\+' and each(b) not_matches '\\A\\-' and each(b) not_in ['all', 'none'] or each(b) not_matches '\\A\\+' and each(b) not_matches '\\A\\-' and each(b) absent -> sign
            if len(one) > 4:
                raise ValueError("long")  # error: each(b) matches '\\A[\\s\\S]{5,}' -> long
        return self


class InTurn(BaseModel):
    a: int = 0
    b: int = 0

    @model_validator(mode="after")
    def first(self):
        if self.a > 5:
            self.a = 5  # dormant: a changes when a > 5
        return self

    @model_validator(mode="after")
    def second(self):
        if self.a > 5:
            raise ValueError("above")
        if self.b > self.a:
            raise ValueError("more")  # error: a > 5 and b > 5 or b > @a and a <= 5 or b > @a and a != @a -> more
        return self


class LastFirst(BaseModel):
    a: str = ""

    @field_validator("a", mode="before")
    @classmethod
    def inner(cls, value):
        if value == "y":
            raise ValueError("why")  # error: a == 'x' or a == 'y' -> why
        return value

    @field_validator("a", mode="before")
    @classmethod
    def outer(cls, value):
        if value == "x":
            return "y"
        return value


class Trunk(BaseModel):
    a: int = 0

    @model_validator(mode="after")
    def check(self):
        if self.a == 1:
            raise ValueError("trunk")  # error: a == 1 -> trunk
        return self


class LeftBranch(Trunk):
    pass


class RightBranch(Trunk):
    @model_validator(mode="after")
    def check(self):
        if self.a == 2:
            raise ValueError("right")  # error: a == 2 -> right
        return self


class Joined(LeftBranch, RightBranch):
    b: int = 0


class HoldsNames(BaseModel):
    names: list[str] = []

    @model_validator(mode="after")
    def check(self):
        if "all" in self.names:
            raise ValueError("a base name")  # error: each(names) == 'all' -> a base name
        return self
