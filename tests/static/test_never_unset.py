"""What an object always holds is there where the object is: nothing is asked of a field that nobody can leave unset."""

from __future__ import annotations

from typing import Any

import pytest

from miners.logic.formulas import Formula, all_of, atom
from miners.static.candidates import never_unset
from miners.surface.facts import ClassFacts, ClassKind, FieldFact


def _class(name: str, *fields: FieldFact, kind: ClassKind = ClassKind.PYDANTIC_DATACLASS) -> ClassFacts:
    return ClassFacts(name, f"lib:{name}", kind, {one.name: one for one in fields}, "lib.py", 1)


def _field(name: str, of: str, **more: Any) -> FieldFact:
    return FieldFact(name, of, (of,), **{"nullable": False, **more})


FIELDS = (
    _field("name", "str", default="x"),
    _field("size", "int", required=True),
    _field("role", "str", nullable=True, default=None),
    _field("made", "str"),
)
SURFACE = {
    "Model": _class("Model", *FIELDS),
    "Loose": _class("Loose", *FIELDS, kind=ClassKind.PLAIN),
    "Engine": _class(
        "Engine",
        _field("model", "Model", nullable=True, default=None),
        _field("loose", "Loose", nullable=True, default=None),
        _field("width", "int", default=1),
    ),
}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (atom("model.name", "present"), atom("model", "present")),
        (atom("model.size", "present"), atom("model", "present")),
        (atom("model.name", "absent"), atom("model", "absent")),
        (
            all_of((atom("model.name", "present"), atom("width", ">", 1))),
            all_of((atom("model", "present"), atom("width", ">", 1))),
        ),
        (atom("model.role", "present"), atom("model.role", "present")),
        (atom("model.made", "present"), atom("model.made", "present")),
        (atom("model.other", "present"), atom("model.other", "present")),
        (atom("model.name", "truthy"), atom("model.name", "truthy")),
        (atom("loose.name", "present"), atom("loose.name", "present")),
        (atom("width", "present"), atom("width", "present")),
    ],
)
def test_what_is_always_there_is_asked_of_the_object(formula: Formula, expected: Formula) -> None:
    assert never_unset(formula, SURFACE["Engine"], SURFACE) == expected


def test_what_is_changed_has_to_be_given() -> None:
    given = atom("model.name", "present")
    assert never_unset(given, SURFACE["Engine"], SURFACE, but="model.name") == given
