"""From what a check rejects to the predicate that says so: each check below beside the pieces it must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from packaging.version import Version

from miners.dynamic.allowed import is_plain
from miners.dynamic.field_answers import Domain, FieldAnswers
from miners.dynamic.rows import quoted
from miners.dynamic.shapes import infer
from miners.surface.facts import FieldFact
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.language.values import pool
from pytest_llem_invariants.model import Clause, Match


def positive(f: Any) -> bool:
    return f is not None and f <= 0


def between(f: Any) -> bool:
    return not -2.0 <= f <= 2.0


def minus_one_or_more(f: Any) -> bool:
    return f is not None and f != -1 and f < 0


def integers_inside(f: Any) -> bool:
    return f is not None and not all(isinstance(item, int) for item in f)


def no_empty_text_inside(f: Any) -> bool:
    return bool(f) and any(not item for item in f)


def anything_set(f: Any) -> bool:
    return bool(f) and not f.get


def two_positive(f: Any) -> bool:
    return f is not None and (len(f) != 2 or f[0] <= 0 or f[1] <= 0)


def as_integer(f: Any) -> bool:
    int(f)
    return False


def multiple_of_eight(f: Any) -> bool:
    return bool(f % 8)


def one_of(f: Any) -> bool:
    return f not in ("fast", "slow")


def qualified(f: Any) -> bool:
    module, _, _ = f.rpartition(".")
    return not module


def module_and_class(f: Any) -> bool:
    return any(text.count(":") != 1 for text in f.values())


def no_reserved_key(f: Any) -> bool:
    return not isinstance(f, dict) or any(key in ("x", "1", "part") for key in f)


def rejects(check: Callable[[Any], bool], value: Any) -> bool:
    try:
        return check(value)
    except Exception:  # whatever trips the check is a rejection too
        return True


def pieces(
    check: Callable[[Any], bool], *types: str, named: tuple[str, ...] = (), **more: Any
) -> list[dict[str, list[tuple[str, Any]]]]:
    values = pool(FieldFact(name="f", annotation="", types=types), named)
    found = infer(
        "f",
        FieldAnswers(
            rejected=tuple(value for value in values if rejects(check, value)),
            accepted=tuple(value for value in values if not rejects(check, value)),
            rejects=lambda value: rejects(check, value),
            domain=Domain(named),
            **more,
        ),
    )
    return [{subject: [(c.op, c.rhs) for c in clauses] for subject, clauses in piece.items()} for piece in found]


CASES = [
    (positive, {"f": [("<=", 0), ("bool_is_number", True)]}),
    (positive, {"f": [("type_is", ["dict", "list", "str"])]}),
    (between, {"f": [("<", -2)]}),
    (between, {"f": [(">", 2)]}),
    (between, {"f": [("!=", "@f")]}),
    (between, {"f": [("==", None)]}),
    (minus_one_or_more, {"f": [(">", -1), ("<", 0)]}),
    (minus_one_or_more, {"f": [("<", -1)]}),
    (integers_inside, {"each(f)": [("type_is", ["dict", "float", "list", "str"])]}),
    (integers_inside, {"f": [("truthy", True), ("type_is", ["dict", "str"])]}),
    (no_empty_text_inside, {"each(f)": [("==", None)]}),
    (anything_set, {"f": [("truthy", True), ("type_is", ["bool", "float", "int", "list", "str"])]}),
    (as_integer, {"f": [("not_matches", r"^\s*[+-]?(\d+(_\d+)*|0[\d_]*(-[\d_]+)?)(\.0*)?\s*$")]}),
    (two_positive, {"each(f)": [("<=", 0), ("bool_is_number", True)]}),
    (two_positive, {"len(f)": [("!=", 2)], "f": [("type_is", "list")]}),
    (qualified, {"f": [("not_matches", r"(?s).\.")]}),
    (module_and_class, {"each(values(f))": [("not_matches", r"^[^:]*:[^:]*\Z")]}),
    (multiple_of_eight, {"f": [("not_divisible_by", 8)]}),
]


@pytest.mark.parametrize(("check", "piece"), [case for case in CASES if case[0] is not as_integer])
def test_a_check_gives_its_piece(check: Callable[[Any], bool], piece: dict[str, Any]) -> None:
    assert piece in pieces(check)


def test_that_certain_texts_are_rejected_inside_a_collection_says_nothing() -> None:
    texts = [dict(clauses).get("==") for piece in pieces(no_reserved_key) for clauses in piece.values()]
    assert not any(isinstance(text, str) for text in texts)


@pytest.mark.parametrize("check", sorted({case[0] for case in CASES}, key=lambda check: check.__name__))
def test_no_piece_claims_what_is_accepted_and_together_they_claim_the_numbers_and_types(
    check: Callable[[Any], bool],
) -> None:
    values = pool(FieldFact(name="f", annotation=""))
    found = list(
        infer(
            "f",
            FieldAnswers(
                tuple(v for v in values if rejects(check, v)),
                tuple(v for v in values if not rejects(check, v)),
                lambda v: rejects(check, v),
            ),
        )
    )
    compiled = [compile_match(Match("", piece)) for piece in found]
    for value in values:
        claimed = any(one({"f": value}, {}) for one in compiled)
        assert not claimed or rejects(check, value)
        if rejects(check, value) and isinstance(value, (int, float)):
            assert claimed


def test_text_that_becomes_an_integer_is_told_by_its_pattern() -> None:
    def coerced(f: Any) -> bool:
        if isinstance(f, str):
            int(f.strip().removesuffix(".0"))
            return False
        return not isinstance(f, int)

    assert {"f": [("not_matches", r"^\s*[+-]?(\d+(_\d+)*|0[\d_]*(-[\d_]+)?)(\.0*)?\s*$")]} in pieces(coerced)


def test_an_allowlist_is_claimed_only_where_the_message_names_it() -> None:
    def claims_allowlist(found: list[dict[str, list[tuple[str, Any]]]]) -> bool:
        return any(op == "not_in" for piece in found for clauses in piece.values() for op, _ in clauses)

    assert claims_allowlist(pieces(one_of, named=("fast", "slow")))
    assert not claims_allowlist(pieces(one_of))


def folded(f: Any) -> bool:
    return isinstance(f, str) and f.lower() not in ("fast", "slow", "auto")


def device(f: Any) -> bool:
    if isinstance(f, str) and f != "auto":
        kind, _, index = f.partition(":")
        return kind not in ("cpu", "gpu") or (":" in f and not index.isdigit())
    return False


def version(f: Any) -> bool:
    if isinstance(f, str):
        Version(f)
    return False


def test_named_words_in_any_case() -> None:
    assert pieces(folded, named=("FAST", "SLOW"))[0] == {"lower(f)": [("not_in", ["fast", "slow", "auto"])]}


def small_number(f: Any) -> bool:
    return isinstance(f, str) and not 1 <= int(f) <= 64


def test_text_that_is_read_as_a_number_is_no_closed_list() -> None:
    for piece in pieces(small_number, "int", named=("64", "0")):
        claims = compile_match(
            Match("", {k: tuple(Clause(op, rhs) for op, rhs in clauses) for k, clauses in piece.items()})
        )
        assert not any(claims({"f": text}, {}) for text in ("8", "33", " 12 ")), piece


def test_named_words_that_take_a_number_are_no_closed_list() -> None:
    (piece,) = pieces(device, named=("cpu", "gpu"))
    claims = compile_match(Match("", {"f": tuple(Clause(op, rhs) for op, rhs in piece["f"])}))
    assert claims({"f": "tpu"}, {})
    assert claims({"f": "cpu:x"}, {})
    assert not any(claims({"f": text}, {}) for text in ("cpu", "gpu:1", "auto"))


def test_text_that_is_read_as_a_version() -> None:
    (piece,) = pieces(version, "str")
    claims = compile_match(Match("", {"f": tuple(Clause(op, rhs) for op, rhs in piece["f"])}))
    for text in ("1", "1.2.3", "v1.0", "1.0rc1", "2!1.0.post3.dev4+local.7", "1.x", "", "abc", "1..2", "1.0-7", "-1"):
        assert claims({"f": text}, {}) is rejects(version, text), text


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Expected one of cpu, cuda, mps device type", ("cpu", "cuda", "mps")),
        ("choose 'a' or `b`", ("a", "b")),
        ("must be red, green or blue.", ()),
        ("Options are: FA_2, B.1, and C", ("FA_2", "B.1", "C")),
        ("bad [type=value_error, input_value=x, y, z, input_type=str]", ()),
    ],
)
def test_the_words_that_a_message_offers(message: str, words: tuple[str, ...]) -> None:
    assert quoted(message) == words


def test_a_length_of_text_is_claimed_only_where_the_letters_do_not_matter() -> None:
    def at_most_three(f: Any) -> bool:
        return isinstance(f, str) and len(f) > 3

    def short_words(f: Any) -> bool:
        return isinstance(f, str) and f not in ("auto", "x", "")

    assert {"len(f)": [(">", 3)], "f": [("type_is", "str")]} in pieces(at_most_three, "str")
    assert not [piece for piece in pieces(short_words, "str") if "len(f)" in piece]


def test_mappings_of_which_some_are_rejected_for_another_reason_are_no_type_that_is_rejected() -> None:
    def rejects(value: Any) -> bool | None:
        return True if value else None

    rejected, neutral = ({"x": 1}, {"x": "x"}), ({},)
    assert not list(infer("f", FieldAnswers(rejected, (None,), rejects, neutral=neutral)))
    assert list(infer("f", FieldAnswers((*rejected, {}), (None,), lambda value: True))) == [
        {"f": (Clause("type_is", "dict"),)}
    ]


def text_alone(f: Any) -> bool:
    return not isinstance(f, str)


def text_or_sequence(f: Any) -> bool:
    return not isinstance(f, (str, list, tuple))


def what_has_a_numerator(f: Any) -> bool:
    return not hasattr(f, "numerator")


def what_counts_as_a_truth_value(f: Any) -> bool:
    return not isinstance(f, bool) and not (hasattr(f, "__float__") and float(f) in (0.0, 1.0))


@pytest.mark.parametrize(
    ("check", "clause"),
    [
        (what_counts_as_a_truth_value, ("type_is", ["dict", "list", "str"])),
        (text_alone, ("type_is_not", "str")),
        (text_or_sequence, ("type_is_not", ["list", "str", "tuple"])),
        (what_has_a_numerator, ("type_is", ["dict", "float", "list", "str"])),
    ],
)
def test_where_all_but_some_types_is_rejected_these_are_named(
    check: Callable[[Any], bool], clause: tuple[str, Any]
) -> None:
    def foreign(value: Any) -> bool:
        return rejects(check, value)

    found = pieces(check, rejects_foreign=foreign)
    assert found[0] == {"f": [clause]}
    assert {"f": [("type_is", pieces(check)[0]["f"][0][1])]} == pieces(check)[0], "where a foreign object may be meant"


def test_a_type_that_another_check_rejects_is_none_that_is_allowed() -> None:
    evidence = FieldAnswers(
        tuple(value for value in pool(FieldFact(name="f", annotation="")) if not isinstance(value, (str, dict))),
        ("x", "y"),
        text_alone,
        neutral=({}, {"x": 1}),
        rejects_foreign=text_alone,
    )
    assert next(iter(infer("f", evidence))) == {"f": (Clause("type_is", ["bool", "float", "int", "list"]),)}


@pytest.mark.parametrize(
    ("types", "plain"),
    [(("str",), True), (("str", "none"), True), (("str", "dtype"), False), (("any",), False), ((), False)],
)
def test_only_a_field_of_builtin_types_is_known_to_hold_no_other_object(types: tuple[str, ...], plain: bool) -> None:
    assert is_plain(types) is plain
