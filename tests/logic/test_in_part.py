"""Of a condition of too many cases the plainest are told one by one, the others by what all of them share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miners.logic.cases import has_case, to_dnf_in_part
from miners.logic.formulas import FALSE, TRUE, Formula, Opaque, all_of, any_of, atom, negate

_MODEL = [Opaque(f"model says {number}", "x.py:1", shape="known at run time") for number in range(9)]
_SHARED = atom("mode", "==", "fast")
_MANY = any_of(all_of((_SHARED, atom(f"field{number}", ">", 1))) for number in range(9))


def test_what_all_of_too_many_cases_share_is_kept() -> None:
    *_, rest = to_dnf_in_part(_MANY, 4)
    assert _SHARED in rest
    assert [one.shape for one in rest if isinstance(one, Opaque)] == ["many cases"]


def test_each_of_the_plainest_of_too_many_cases_is_enough_for_the_condition() -> None:
    *plainest, _ = to_dnf_in_part(_MANY, 4)
    assert plainest == [(_SHARED, atom(f"field{number}", ">", 1)) for number in range(6)]


def test_alternatives_that_multiply_beyond_the_limit_are_told_by_the_plainest() -> None:
    pairs = all_of(any_of(atom(f"{name}{number}", ">", 1) for number in range(3)) for name in "abc")
    *plainest, rest = to_dnf_in_part(pairs, 4)
    assert [len(case) for case in plainest] == [3] * 6
    assert all(isinstance(literal, Opaque) for literal in rest)


def test_the_shape_that_too_many_cases_share_is_the_shape_of_the_whole() -> None:
    formula = any_of(all_of((one, atom(f"field{number}", ">", 1))) for number, one in enumerate(_MODEL))
    (case,) = to_dnf_in_part(formula, 4)
    assert [one.shape for one in case if isinstance(one, Opaque)] == ["known at run time"]


def test_few_cases_are_told_one_by_one() -> None:
    formula = any_of(all_of((one, atom(f"field{number}", ">", 1))) for number, one in enumerate(_MODEL[:3]))
    assert len(to_dnf_in_part(formula, 4)) == 3


_LITERALS = st.builds(
    atom, st.sampled_from("ab"), st.sampled_from(["==", "!=", "<", ">="]), st.integers(0, 2)
) | st.sampled_from([*_MODEL[:2], *map(negate, _MODEL[:2]), TRUE, FALSE])
_PARTS = st.recursive(
    _LITERALS,
    lambda parts: st.lists(parts, min_size=1, max_size=3).map(all_of) | st.lists(parts, max_size=3).map(any_of),
)


@given(_PARTS)
def test_a_condition_has_a_case_where_it_falls_apart_into_any(formula: Formula) -> None:
    assert has_case(formula) is bool(to_dnf_in_part(formula))


def test_where_it_would_take_too_long_to_see_that_there_is_no_case_there_may_be_one() -> None:
    pigeons = [any_of(atom(name, "==", hole) for hole in range(6)) for name in "abcdefghijkl"]
    never = any_of((atom("z", "<", 1), atom("z", ">", 1)))
    assert has_case(all_of((*pigeons, never, atom("z", "==", 1)))) is False  # what has least choice is seen first
    assert (
        has_case(all_of((*pigeons, any_of((atom("l", "==", 8), all_of((atom("l", "==", 9), atom("m", "==", 1))))))))
        is True
    )
