"""What no predicate says: kept with its shape, so that no rule claims to be sure."""

import json
import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path


@dataclass
class FileAtRunTime:
    path: str = ""

    def __post_init__(self):
        if self.path and not os.path.exists(self.path):
            raise ValueError("no such file")  # error: path truthy and ?asks the machine -> no such file


try:
    import an_optional_accelerator  # type: ignore[import-not-found]

    HAS_ACCELERATOR = an_optional_accelerator is not None
except ImportError:
    HAS_ACCELERATOR = False
HAS_PLUGIN = find_spec("an_optional_plugin") is not None
IS_OLD = False


@dataclass
class FoundOutOnImport:
    a: int = 0

    def __post_init__(self):
        if self.a == 1 and not HAS_ACCELERATOR:
            raise ValueError("not without it")  # error: a == 1 and ?asks the machine -> not without it
        if self.a == 2 and not HAS_PLUGIN:
            raise ValueError("nor without that")  # error: a == 2 and ?asks the machine -> nor without that
        if self.a == 3 and not IS_OLD:
            raise ValueError("new")  # error: a == 3 -> new


@dataclass
class Parsed:
    s: str = "{}"

    def __post_init__(self):
        try:
            json.loads(self.s)
        except ValueError as error:
            raise ValueError("no JSON") from error  # error: ?exception in try -> no JSON


@dataclass
class WhileLoop:
    a: int = 0

    def __post_init__(self):
        number = rounds = 0
        while rounds < 3:
            rounds += 1
            number = self.a - rounds
        if number == 1:
            raise ValueError("one in the end")  # error: ?set in a while loop -> one in the end


@dataclass
class NestedComprehension:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if any(y == 1 for x in self.b for y in x):
            raise ValueError("one deep inside")  # error: ?nested comprehension -> one deep inside


@dataclass
class Sliced:
    s: str = ""

    def __post_init__(self):
        if self.s[1:] == "a":
            raise ValueError("a tail")  # error: ?slice -> a tail


@dataclass
class PartlyOpaque:
    a: int = 0
    s: str = ""

    def __post_init__(self):
        if self.a == 1 and self.s.title() == "Ab":
            raise ValueError("one with a title")  # error: a == 1 and ?attribute of a field's value -> one with a title
        if self.a == 2 or self.s.swapcase() == "Z":
            raise ValueError("two, or a small z")  # error: a == 2 or ?attribute of a field's value -> two, or a small z


@dataclass
class EveryElement:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if self.b and all(x == 1 for x in self.b):
            raise ValueError("all ones")  # error: b truthy and ?every element -> all ones


@dataclass
class Imported:
    a: int = 0

    def __post_init__(self):
        try:
            import a_module_that_is_not_there  # noqa: F401
        except ImportError as error:
            if self.a == 1:
                raise ValueError("needs the module") from error  # error: ?import that may fail and a == 1 -> needs the module


@dataclass
class Constructed:
    s: str = ""

    def __post_init__(self):
        if re.compile(self.s).groups > 1:
            raise ValueError("groups")  # error: ?call of an unknown function -> groups


@dataclass
class ClassGiven:
    backend: str | type | None = None
    a: int = 0

    def __post_init__(self):
        if self.a == 1 and isinstance(self.backend, type) and self.backend.is_slow():
            raise ValueError("slow")  # error: a == 1 and backend type_is 'type' and ?class given as a value -> slow
        if isinstance(self.backend, type) and not issubclass(self.backend, int):
            raise ValueError("no number")  # error: backend type_is 'type' and ?class given as a value -> no number


@dataclass
class AskedInTry:
    a: int = 0

    def __post_init__(self):
        try:
            os.stat("/nowhere")
        except OSError:
            if self.a == 1:
                raise ValueError("offline") from None  # error: ?asks the machine and a == 1 -> offline


@dataclass
class SetByTheMachine:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            self.a = os.getpid()  # dormant: a changes when a == 1


@dataclass
class PathOnThisMachine:
    path: str = ""

    def __post_init__(self):
        if self.path and not Path(self.path).parent.is_dir():
            raise ValueError("no such folder")  # error: path truthy and ?asks the machine -> no such folder


@dataclass
class OutOfOrder:
    sizes: list = field(default_factory=list)

    def __post_init__(self):
        if self.sizes != sorted(self.sizes):
            raise ValueError("not sorted")  # error: ?another order -> not sorted
        if list(reversed(self.sizes))[0] == 4:
            raise ValueError("four at the end")  # error: ?another order -> four at the end
        if len(sorted(self.sizes)) > 3:
            raise ValueError("too many")  # error: len(sizes) > 3 -> too many
        if 7 in sorted(self.sizes):
            raise ValueError("seven")  # error: each(sizes) == 7 -> seven
        for size in reversed(self.sizes):
            if size == 5:
                raise ValueError("five")  # error: each(sizes) == 5 -> five
        if max(sorted(self.sizes), default=0) == 9:
            raise ValueError("nine")  # error: ?max -> nine


@dataclass
class SortedConstants:
    a: int = 0

    def __post_init__(self):
        if self.a == sorted((3, 1, 2))[0]:
            raise ValueError("the first")  # error: a == 1 -> the first
        if self.a == list(reversed((3, 1, 2)))[0]:
            raise ValueError("the last")  # error: a == 2 -> the last
