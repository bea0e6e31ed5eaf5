"""What a class hands on when it is validated, and the examples of fields that are made of parts."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from miners.candidates.candidate import Candidate
from miners.examples.draws import Drawer
from miners.fronts.feeds import Feed
from miners.fronts.handed import handed_on, in_text, ways
from miners.lift.candidates import RAISES
from miners.surface import class_facts
from miners.surface.nested import with_nested_examples
from pytest_llem_invariants.model import AddedBy, Clause, MinerSource, Severity
from pytest_llem_invariants.native_types import NativeType, Step


@dataclass
class Params:
    size: int = 1
    inner: int = 2


@dataclass
class Request:
    size: int = 1
    beam: bool = False
    tools: list[dict[str, Any]] | None = None


TOOLS = [{"type": "function", "function": {"name": "f"}}]
SURFACE = {
    "x.Request": class_facts(Request, "x.Request", whole={"tools": (TOOLS,)}),
    "x.Params": class_facts(Params, "x.Params"),
}


def test_fields_of_one_name_are_handed_on_where_the_method_is_called() -> None:
    steps = (Step("to_params", {}, when={"beam": (False,)}),)
    request = NativeType("x.Request", "x:Request", None, {}, (), steps, ())
    classes = {"x.Request": Request, "x.Params": Params}
    adapter: Any = SimpleNamespace(
        ssot=SimpleNamespace(
            native_type=lambda name: request if name == "x.Request" else replace(request, validate=())
        ),
        makes=lambda name, kwargs: (Params(),),
        native_class=classes.__getitem__,
    )
    found = handed_on(adapter, SURFACE)
    (feed,) = found.pop("x.Request")
    assert not found
    assert (feed.native_type, feed.field, feed.source) == ("x.Params", "size", "size")
    assert feed.given == (("beam", Clause("falsy", True)),)


def test_of_two_fields_that_give_one_argument_only_the_first_that_is_given_counts() -> None:
    """As a request names its limit in two ways."""
    first, second = (Feed("x.Params", "size", source, 1, given) for source, given in (("old", ()), ("new", ())))
    other = Feed("x.Params", "inner", "inner", 1)
    assert list(ways([first, second, other])) == [(first, other), (second, other)]

    @dataclass
    class Twice:
        size: int | None = None
        newer: int | None = None

    surface = {"x.Twice": class_facts(Twice, "x.Twice"), "x.Params": SURFACE["x.Params"]}
    step = Step("to_params", {}, taken={"size": ("newer", "size")})
    entry = NativeType("x.Twice", "x:Twice", None, {}, (), (step,), ())
    adapter: Any = SimpleNamespace(
        ssot=SimpleNamespace(native_type=lambda name: entry if name == "x.Twice" else replace(entry, validate=())),
        makes=lambda name, kwargs: (Params(),),
        native_class={"x.Twice": Twice, "x.Params": Params}.__getitem__,
    )
    newer, older = handed_on(adapter, surface)["x.Twice"]
    assert (newer.source, newer.given) == ("newer", ())
    assert (older.source, older.given) == ("size", (("newer", Clause("absent", True)),))


def test_the_examples_of_the_engines_file_are_examples_of_the_field() -> None:
    assert with_nested_examples(SURFACE)["x.Request"].fields["tools"].examples == (TOOLS,)


def test_such_an_example_is_drawn_as_it_is_and_with_one_part_changed() -> None:
    drawer = Drawer(SURFACE)
    source = random.Random(0)
    drawn = [drawer.config(source, SURFACE["x.Request"], wrong_typed=False).get("tools") for _ in range(300)]
    changed = [one for one in drawn if isinstance(one, list) and one != TOOLS and "function" in str(one)]
    assert TOOLS in drawn
    assert len(changed) > 20
    assert TOOLS == [{"type": "function", "function": {"name": "f"}}]


class Body(BaseModel):
    """Reads a number that is written as text."""

    size: int = 1
    least: int = 0
    name: str = ""


def _candidate(**fields: Any) -> Candidate:
    source = MinerSource("x.py", "f", 1)
    hints = ({"size": 9},)
    return Candidate("x.Body", Severity.ERROR, fields, RAISES, None, source, AddedBy.STATIC_MINER, hints=hints)


def test_a_bound_on_what_is_handed_on_holds_for_a_number_that_is_given_as_text() -> None:
    facts = class_facts(Body, "x.Body")
    told = in_text(_candidate(size=(Clause(">", 8),), name=(Clause("truthy", True),)), facts)
    assert told is not None
    assert told.fields == {
        "name": (Clause("truthy", True),),
        "size": (Clause("type_is", "str"),),
        "number(size)": (Clause(">", 8),),
    }
    assert told.hints == ({"size": "9"},)


def test_nothing_is_said_of_text_where_two_fields_are_compared_or_text_is_a_type_of_its_own() -> None:
    facts = class_facts(Body, "x.Body")
    assert in_text(_candidate(size=(Clause(">", 8),), least=(Clause(">", "@size"),)), facts) is None
    assert in_text(_candidate(name=(Clause(">", 8),)), facts) is None
    assert in_text(_candidate(size=(Clause("type_is", "int"), Clause(">", 8))), facts) is None
    assert in_text(_candidate(size=(Clause(">", 8),)), class_facts(Request, "x.Request")) is None
