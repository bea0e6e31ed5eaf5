"""Of a condition of very many cases those that ask least of a config are found, however many there are."""

from __future__ import annotations

from miners.logic.formulas import Atom, Opaque, all_of, any_of, atom
from miners.logic.plainest import ASKED_FOR, OF_ITSELF, Plainest, plainest
from tests.logic.meaning import evaluate

_UNKNOWN = Opaque("weather()", "x.py:1", shape="call of an unknown function")


def _cost(literal: Atom) -> int:
    return OF_ITSELF if literal.clause.op in ("absent", "falsy", "!=") else ASKED_FOR


def test_a_product_beyond_counting_has_a_plainest_case() -> None:
    many = all_of(any_of(atom(f"f{i}", "==", value) for value in (1, 2, 3)) for i in range(40))
    (first, *_) = plainest(many, 4, 16, _cost).cases
    assert len(first) == 40


def test_what_holds_of_itself_comes_before_what_must_be_given() -> None:
    either = [any_of((atom(f"f{i}", "==", 1), atom(f"f{i}", "absent"))) for i in range(20)]
    (first, *_) = plainest(all_of((*either, atom("a", ">", 1))), 4, 16, _cost).cases
    assert set(first) == {atom("a", ">", 1), *(atom(f"f{i}", "absent") for i in range(20))}
    assert first[0] == atom("a", ">", 1), "what is asked for is said first"


def test_alternatives_that_contradict_what_was_chosen_are_left_alone() -> None:
    steps = [
        any_of((atom("mode", "==", f"m{i}"), all_of((atom("mode", "==", "x"), atom(f"f{i}", ">", i)))))
        for i in range(20)
    ]
    cases = plainest(all_of(steps), 2, 1, _cost).cases
    assert [len(case) for case in cases] == [21]
    assert atom("mode", "==", "x") in cases[0]


def test_each_case_is_enough_for_the_condition() -> None:
    parts = [any_of((atom(f"f{i}", ">", 1), atom(f"f{(i + 1) % 9}", ">", 1))) for i in range(9)]
    cases = plainest(all_of(parts), 4, 4, _cost).cases
    for case in cases:
        given = {literal.subject: 2 for literal in case if isinstance(literal, Atom)}
        assert evaluate(all_of(parts), given) is True
    assert min(map(len, cases)) == 5


def test_a_long_way_around_what_is_not_said_is_found_beside_the_short_way_through_it() -> None:
    around = all_of(atom(f"f{i}", "==", 1) for i in range(5))
    cases = plainest(all_of((atom("a", ">", 1), any_of((_UNKNOWN, around)))), 1, 1, _cost).cases
    assert sorted(any(literal == _UNKNOWN for literal in case) for case in cases) == [False, True]


def test_a_contradiction_has_no_case() -> None:
    never = all_of((atom("a", "==", 1), any_of((atom("a", "==", 2), atom("a", "==", 3)))))
    assert plainest(never, 4, 16, _cost) == Plainest((), all_of_them=True)


def test_where_there_are_few_cases_all_of_them_are_told() -> None:
    few = all_of(
        (any_of((atom("a", "==", 1), atom("a", "absent"))), any_of((atom("a", "present"), atom("b", "==", 2))))
    )
    found = plainest(few, 1, 4, _cost)
    assert found.all_of_them
    assert set(map(frozenset, found.cases)) == {
        frozenset({atom("a", "==", 1)}),
        frozenset({atom("a", "absent"), atom("b", "==", 2)}),
    }
