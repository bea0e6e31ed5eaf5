from __future__ import annotations

from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from miners.surface.nested import with_nested_examples
from miners.surface.types import ChoiceType, Group, Plain
from pytest_llem_invariants.language.values import fits, pool


def _class(name: str, *fields: FieldFact, **base: object) -> ClassFacts:
    return ClassFacts(name, f"lib:{name}", ClassKind.DATACLASS, {one.name: one for one in fields}, "lib.py", 1, base)


INNER = _class("lib.Inner", FieldFact("size", "int", ("int",), default=4), FieldFact("key", "int", ("int",)), key=1)
OUTER = _class("lib.Outer", FieldFact("inner", "Inner", ("Inner",)), FieldFact("level", "int", ("int",), default=0))
SURFACE = with_nested_examples({one.native_type: one for one in (INNER, OUTER)})


def test_a_field_that_holds_a_class_is_tried_with_mappings_that_build_it() -> None:
    field = SURFACE["lib.Outer"].fields["inner"]
    assert field.examples == ({"key": 1}, {"key": 1, "size": 4})
    assert all(fits(example, field) for example in field.examples)
    assert {"key": 1, "size": 4} in pool(field)


def test_a_field_that_holds_certain_words_is_tried_with_some_of_them() -> None:
    words = FieldFact("words", "", ("list",), type=Group("list", (ChoiceType(("cpu", "gpu", "npu")),)))
    table = FieldFact("table", "", ("dict",), type=Group("dict", (Plain("str"), ChoiceType(("cpu",)))))
    found = with_nested_examples({"lib.Words": _class("lib.Words", words, table)})["lib.Words"].fields
    assert found["words"].examples == (["cpu"], ["cpu", "gpu"], ["cpu", "cpu"])
    assert found["table"].examples == ({"x": "cpu"},)


def test_other_fields_stay_as_they_are() -> None:
    assert SURFACE["lib.Outer"].fields["level"] == OUTER.fields["level"]


def test_what_stands_for_a_path_of_this_machine_is_no_example() -> None:
    model = _class("lib.Model", FieldFact("model", "str", ("str",)), model="${tiny_model}")
    holder = _class("lib.Holder", FieldFact("model_config", "Model", ("Model",)))
    surface = with_nested_examples({one.native_type: one for one in (model, holder)})
    assert surface["lib.Holder"].fields["model_config"].examples == ()
