"""Of a condition of too many cases the plainest are told one by one, the others by what all of them share."""

from __future__ import annotations

from miners.cases import to_dnf_in_part
from miners.logic import Opaque, all_of, any_of, atom

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
