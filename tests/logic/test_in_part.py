"""A condition of too many cases is told in part: what all of its cases share, and of what shape the rest is."""

from __future__ import annotations

from miners.logic import Opaque, all_of, any_of, atom, to_dnf_in_part

_MODEL = [Opaque(f"model says {number}", "x.py:1", shape="known at run time") for number in range(9)]


def test_what_all_of_too_many_cases_share_is_kept() -> None:
    shared = atom("mode", "==", "fast")
    formula = any_of(all_of((shared, atom(f"field{number}", ">", 1))) for number in range(9))
    (case,) = to_dnf_in_part(formula, 4)
    assert shared in case
    assert [one.shape for one in case if isinstance(one, Opaque)] == ["many cases"]


def test_the_shape_that_too_many_cases_share_is_the_shape_of_the_whole() -> None:
    formula = any_of(all_of((one, atom(f"field{number}", ">", 1))) for number, one in enumerate(_MODEL))
    (case,) = to_dnf_in_part(formula, 4)
    assert [one.shape for one in case if isinstance(one, Opaque)] == ["known at run time"]


def test_few_cases_are_told_one_by_one() -> None:
    formula = any_of(all_of((one, atom(f"field{number}", ">", 1))) for number, one in enumerate(_MODEL[:3]))
    assert len(to_dnf_in_part(formula, 4)) == 3
