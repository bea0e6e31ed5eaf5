"""A rule made of one word is put to the words that the library itself uses, wherever it comes from."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable

import pytest

from miners.build.one_class import examine
from miners.examples.draws import Drawer
from miners.surface import class_facts
from pytest_llem_invariants.engines.tiny_model import json_file
from pytest_llem_invariants.engines.words import existing_file, real_words, words_at
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.language.values import fits

LIBRARY = '''
import os, re
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

class Mode(Enum):
    NONE = 0
    FULL = 1
    FULL_AND_PIECEWISE = 2

class Loose(Enum):
    A_B = 0
    C_D = 1

KINDS = ("near", "far")

class Mark:
    def __init__(self, ratio=0.25, bias=2.0):
        self.ratio, self.bias = ratio, bias

    @classmethod
    def from_dict(cls, values):
        return cls(**values)

class Marked:
    def __init__(self, **kwargs):
        self.mark = kwargs.pop("mark", None)
        if isinstance(self.mark, dict):
            self.mark = Mark.from_dict(self.mark)
        if self.mark is not None:
            self.mark.ratio

class Graphs:
    """Graphs.

    Args:
        method (`str`, *optional*):
            How to draft: `ngram` or "eagle". See `tokens`.
    """

    def __init__(self, mode: Mode = Mode.NONE, loose: Loose = Loose.A_B, config_file: str | None = None,
                 tokens: int | None = None, method: str | None = None, sizes: list[int] | None = None):
        if isinstance(mode, str):
            mode = Mode[mode.upper()]
        if isinstance(loose, str):
            loose = Loose[loose]
        if config_file and not os.path.exists(config_file):
            raise RuntimeError("no such file")
        if tokens is not None and not re.fullmatch("n...m|eagle", method or ""):
            raise ValueError("tokens without a method")
        if sizes is not None and sizes != sorted(set(sizes)):
            raise ValueError("sizes must rise")

@dataclass
class Said:
    kind: str = "near"
    """One of the `KINDS`, or 'odd', never /etc/passwd or `https://example.invalid/x`."""
    level: Literal["low", "high"] = "low"
    ops: list[str] = field(default_factory=list, metadata={"help": "for example '+norm'"})
    mode: Mode | None = None
    flag: bool = False

    def __post_init__(self):
        kind = self.kind.lower()
        if kind in KINDS or kind == "middle" or len(self.ops) > 3:
            pass
        for op in self.ops:
            if op not in {"all", "none"}:
                pass
        match self.level:
            case "top": pass

@dataclass
class Outer:
    said: Said | None = None
    log_path: str = ""
'''


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("library")
    (folder / "words_lib.py").write_text(LIBRARY)
    sys.path.insert(0, str(folder))
    return "words_lib"


def class_of(package: str, name: str) -> type:
    found: type = getattr(importlib.import_module(package), name)
    return found


@pytest.fixture(scope="module")
def rejected(package: str) -> Callable[..., bool]:
    matches = [compile_match(rule.match) for rule in examine(f"{package}.Graphs").corpus.rules]
    return lambda **kwargs: any(matches_(kwargs, {}) for matches_ in matches)


def test_text_by_which_an_enum_is_looked_up_is_no_wrong_type(rejected: Callable[..., bool]) -> None:
    accepted = ("NONE", "FULL", "FULL_AND_PIECEWISE", "full_and_piecewise", "Full")
    assert not any(rejected(mode=word) for word in accepted)
    assert rejected(mode="PARTIAL")
    assert rejected(mode="")
    assert not rejected(loose="A_B")
    assert rejected(loose="a_b")


def test_a_file_that_exists_is_tried(rejected: Callable[..., bool]) -> None:
    assert not rejected(config_file=str(json_file()))


def test_what_refuses_a_declared_type_is_tried_beside_the_words_of_other_fields(rejected: Callable[..., bool]) -> None:
    assert not rejected(tokens=3, method="ngram")
    assert not rejected(tokens=1, method="eagle")
    assert rejected(tokens=3)


def test_a_mapping_that_builds_what_a_field_is_made_into_is_no_wrong_type(package: str) -> None:
    matches = [compile_match(rule.match) for rule in examine(f"{package}.Marked").corpus.rules]
    for mark in ({"ratio": 0.25}, {"bias": 1.0}, {"ratio": 0.5, "bias": 2.0}, {}):
        assert not any(matches_({"mark": mark}, {}) for matches_ in matches)
    assert any(matches_({"mark": 3}, {}) for matches_ in matches)


def test_sorted_is_no_other_name_for_the_list(rejected: Callable[..., bool]) -> None:
    assert not rejected(sizes=[1, 2, 4])
    assert not rejected(sizes=[7])


def test_words_are_read_from_code_types_and_documentation(package: str) -> None:
    words = real_words(class_of(package, "Said"))
    assert words["kind"] == ("near", "far", "middle", "KINDS", "odd")
    assert words["level"] == ("low", "high", "top")
    assert words["mode"][:2] == ("NONE", 0)
    alone = [word for word in words["ops"] if isinstance(word, list) and len(word) == 1]
    assert alone == [["all"], ["none"], ["+norm"]]
    assert ["all", "none"] in words["ops"]
    assert ["none", "all"] in words["ops"]
    assert "flag" not in words


def test_the_documentation_of_an_argument_gives_words_but_no_name_of_another(package: str) -> None:
    graphs = class_of(package, "Graphs")
    assert real_words(graphs)["method"] == ("ngram", "eagle")


def test_words_are_found_through_the_class_that_a_field_holds(package: str) -> None:
    outer = class_of(package, "Outer")
    assert words_at(outer, "said.level") == ("low", "high", "top")
    assert words_at(outer, "log_path") == (str(json_file()),)


@pytest.mark.parametrize(("name", "types"), [("x", ("Path",)), ("scale_path", ()), ("a.config_file", ()), ("file", ())])
def test_a_field_that_takes_a_path_is_known_by_its_type_or_its_name(name: str, types: tuple[str, ...]) -> None:
    assert existing_file(name, types) == (str(json_file()),)
    assert existing_file("profile", ("str",)) == ()


def test_words_are_drawn_where_they_fit_and_where_a_wrong_type_is_wanted(package: str) -> None:
    facts = class_facts(class_of(package, "Said"), "words_lib.Said")
    drawer, source = Drawer({"words_lib.Said": facts}), random.Random(3)
    right = [drawer.config(source, facts, wrong_typed=False) for _ in range(400)]
    assert {"far", "middle"} <= {kwargs["kind"] for kwargs in right if "kind" in kwargs}
    assert all(fits(kwargs["mode"], facts.fields["mode"]) for kwargs in right if "mode" in kwargs)
    wrong = [drawer.config(source, facts, wrong_typed=True) for _ in range(1_000)]
    assert "FULL_AND_PIECEWISE" in [kwargs.get("mode") for kwargs in wrong]
