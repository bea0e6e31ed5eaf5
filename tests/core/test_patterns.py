"""Regular expressions take linear time or are refused."""

from __future__ import annotations

import re
import time
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from miners.lift import scalars
from miners.symbolic.texts import Pieces, TextLength
from pytest_llem_invariants.checker.fast import FAST
from pytest_llem_invariants.language import patterns
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.patterns import LONGEST_TEXT, NonLinearError, compiled, is_found
from pytest_llem_invariants.language.predicates import PredicateError, validate_clause
from pytest_llem_invariants.model import Clause

ROOT = Path(__file__).parents[2]
ATTACKS = (
    r"^(a+)+$",
    r"^(a|a)*$",
    r"^(a|aa)+$",
    r"(.*a){12}",
    r"^(.+,)*x$",
    r"^\d*\d*x",
    r"^\s*(\d+\s*)*$",
    r"^.*.*=.*$",
    r"^(a?){30}a{30}$",
    r"a{1,50}a{1,50}a{1,50}$",
    r"\d+x",
    r"^\s+|\s+$",
    r"(?!.*__)x",
    r"(?m)^a*$",
    r"^(\w+)\s\1$",
    r"^(a)?(?(1)b*c|d)",
    "(" * 300 + "a" + ")*" * 300,
    "x" * 3_000,
    r"^(((((((((((a*b)*c)*d)*e)*f)*g)*h)*i)*j)*k)*l)*$" * 3,
)


@pytest.mark.parametrize("pattern", ATTACKS, ids=range(len(ATTACKS)))
def test_what_may_take_more_than_linear_time_is_refused_soon(pattern: str) -> None:
    started = time.process_time()
    with pytest.raises(NonLinearError):
        compiled(pattern)
    assert time.process_time() - started < 1


def test_a_refused_pattern_is_named_and_fires_nothing() -> None:
    with pytest.raises(PredicateError, match=r"'\^\(a\+\)\+\$': a repetition in a repetition may end in several ways"):
        validate_clause(Clause("matches", "^(a+)+$"))
    for op in ("matches", "not_matches"):
        assert not OPERATORS[op].test("a" * 40 + "!", "^(a+)+$")
        assert not FAST[op].test("a" * 40 + "!", "^(a+)+$")


def test_nothing_is_said_of_a_text_that_is_too_long() -> None:
    for op in ("matches", "not_matches"):
        assert not FAST[op].test("a" * (LONGEST_TEXT + 1), "^b")
        assert not OPERATORS[op].test("a" * (LONGEST_TEXT + 1), "^a")
    assert OPERATORS["matches"].test("a" * LONGEST_TEXT, "^a")


GRAMMARS = {"whole": scalars.WHOLE, "decimal": scalars.NUMBER, "before": patterns._REWRITTEN[0][0]}


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize("unit", ["9", "1_", " ", "0", "1e", "_", "1.", "0_-"])
@pytest.mark.parametrize("size", [10_000, 50_000])
def test_a_number_of_thousands_of_digits_is_judged_in_milliseconds(name: str, unit: str, size: int) -> None:
    compiled(GRAMMARS[name])
    for end in ("", "x", "_", "\n"):
        text = unit * (size // len(unit)) + end
        took = []
        for _ in range(3):
            started = time.process_time()
            is_found(GRAMMARS[name], text)
            took.append(time.process_time() - started)
        assert min(took) < 0.010, end


@pytest.mark.parametrize(("letters", "most"), [("1_.e+ ", 6), ("1_ein+fa", 5), ("1\n\u2003_.E-", 5)])
def test_the_linear_spelling_of_a_decimal_matches_the_same_texts(letters: str, most: int) -> None:
    before, now = (re.compile(pattern) for pattern in patterns._REWRITTEN[0])
    texts = ("".join(text) for size in range(most + 1) for text in product(letters, repeat=size))
    assert not [text for text in texts if bool(before.search(text)) is not bool(now.search(text))]


_WRITTEN = re.compile(r"""\b(?:not_)?matches: ("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"',}][^,}\n]*)""")


def test_every_pattern_of_the_committed_corpora_is_taken() -> None:
    """Each is looked for in the text: to load all corpora takes half a minute."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("corpora/**/invariants.proposed.yaml")))
    found = {yaml.safe_load(scalar) for text in texts for scalar in _WRITTEN.findall(text)}
    assert len(found) > 20
    for pattern in found:
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^s3://|/", "s3://x"),
        (r"(?:\A|\.)(?:\d+)(?:\.|\Z)", "a.12.b"),
        (r"\A(?:(?:(?!::)[\s\S])*::){2}", "a::b::c"),
        (r"(?i)^(on|off|yes)$", "ON"),
        (r"^\d+(\.\d+)*([-_.]?(a|b|pre|preview)\d*)?$", "1.2.pre3"),
        (r"\d+", "a1"),
        (r"^[à-ü]+x", "éx"),
    ],
)
def test_what_people_write_is_taken(pattern: str, text: str) -> None:
    assert is_found(pattern, text) is True
    assert is_found(pattern, "\n") is False


def test_what_is_read_of_pieces_of_a_text_is_linear() -> None:
    for formula in (Pieces("s", "::").at_least(3), TextLength("s").compared("<=", 4_000)):
        compiled(formula.clause.rhs)
    # A separator of three letters repeated is beyond what two letters tell: nothing is claimed then.
    assert "://" in Pieces("s", "://").at_least(3).text


_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", "-", r"\s", r"[\s\S]", "ab"])
_EXPRESSIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,3}", "{0,40}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
        inner.map(lambda part: f"(?!{part})"),
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["", "^", r"\A"]), _EXPRESSIONS, st.sampled_from(["", "$", r"\Z", "x$"]))
def test_whatever_is_taken_is_fast_on_hostile_texts(begin: str, body: str, end: str) -> None:
    pattern = begin + body + end
    try:
        ready = compiled(pattern)
    except NonLinearError:
        return
    for unit in ("a", "b", "ab", "1", "-", "a-", "a1"):
        for last in ("", "!", "\n"):
            started = time.process_time()
            ready.search(unit * (4_000 // len(unit)) + last)
            assert time.process_time() - started < 0.5, (pattern, unit, last)
