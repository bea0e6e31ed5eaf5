"""Every shape that the static miner reads: what it finds, and what the live class does."""

from __future__ import annotations

import re
from dataclasses import replace
from types import ModuleType

import pytest

from miners.logic.formulas import Opaque, negate
from tests.logic.meaning import literals_of
from tests.static.harness import (
    disagreements,
    effects_of,
    expected_in,
    findings,
    limit_of,
    name_of,
    snippet_classes,
    snippet_modules,
    tree_reader,
)

CLASSES = list(snippet_classes())
_SHAPE = re.compile(r"\?[a-z ]+?(?= and | or | -> |$)")


def found_in(module: ModuleType) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for cls in CLASSES:
        if cls.__module__ == module.__name__:
            for line, said in findings(effects_of(cls)).items():
                found.setdefault(line, set()).update(said)
    return found


@pytest.mark.parametrize("module", snippet_modules(), ids=lambda module: module.__name__.rpartition(".")[2])
def test_the_rules_are_exactly_those_beside_the_statements(module: ModuleType) -> None:
    assert found_in(module) == expected_in(module)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if not limit_of(cls)], ids=name_of)
def test_the_live_class_does_what_the_rules_say(cls: type) -> None:
    assert disagreements(cls, effects_of(cls)) == []


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if limit_of(cls)], ids=name_of)
def test_a_known_limit_is_still_one(cls: type) -> None:
    assert disagreements(cls, effects_of(cls))


@pytest.mark.parametrize("cls", CLASSES, ids=name_of)
def test_the_source_alone_gives_the_same_rules(cls: type) -> None:
    """What stays opaque may have another shape: without the import the standard library is unknown too."""

    def said(found: dict[int, set[str]]) -> dict[int, set[str]]:
        return {line: {_SHAPE.sub("?", one) for one in rules} for line, rules in found.items()}

    assert said(findings(effects_of(cls, tree_reader()))) == said(findings(effects_of(cls)))


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls.__module__.endswith("conditions")], ids=name_of)
def test_a_wrong_rule_would_be_noticed(cls: type) -> None:
    effects = effects_of(cls)
    for effect in effects:
        if not any(isinstance(one, Opaque) or "each(" in one.subject for one in literals_of(effect.guard)):
            wrong = [replace(one, guard=negate(one.guard)) if one is effect else one for one in effects]
            assert disagreements(cls, wrong)
