"""What stands for a field of an object that is not given, or is given without that field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from miners.static import mine_class
from miners.surface import class_facts
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Match
from tests.static.harness import imported_reader


@dataclass
class Groups:
    size: int = 0
    per_group: int = 1


@dataclass
class Offload:
    backend: str = "auto"
    groups: Groups = field(default_factory=Groups)
    spare: Groups | None = None

    def __post_init__(self) -> None:
        if self.backend == "groups" and self.groups.per_group > self.groups.size:
            raise ValueError("more per group than a group holds")
        if self.spare is not None and self.spare.per_group > self.spare.size:
            raise ValueError("more spare ones than a group holds")


SURFACE = {cls.__name__: class_facts(cls, cls.__name__) for cls in (Offload, Groups)}


def rejected(kwargs: Mapping[str, Any]) -> bool:
    findings = mine_class(SURFACE["Offload"], SURFACE, imported_reader(), engine="lib")
    candidates = [candidate for finding in findings for candidate in finding.candidates]
    assert len(candidates) == 2
    return any(compile_match(Match("lib", one.fields, one.defaults))(kwargs, {}) for one in candidates)


def built(kwargs: Mapping[str, Any]) -> Offload:
    return Offload(**{name: Groups(**value) if isinstance(value, dict) else value for name, value in kwargs.items()})


@pytest.mark.parametrize("size", [None, 0, 2])
@pytest.mark.parametrize("per_group", [None, 0, 2, 3])
@pytest.mark.parametrize("name", ["groups", "spare"])
@pytest.mark.parametrize("given", [{}, {"backend": "groups"}, {"backend": "auto"}, {"spare": None}])
def test_the_defaults_of_an_object_count_where_it_exists(
    given: Mapping[str, Any], name: str, size: int | None, per_group: int | None
) -> None:
    inner = {key: value for key, value in {"size": size, "per_group": per_group}.items() if value is not None}
    for kwargs in (given, {**given, name: inner}):
        if rejected(kwargs):
            with pytest.raises(ValueError, match="than a group holds"):
                built(kwargs)
        else:
            built(kwargs)
