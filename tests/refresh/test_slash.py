"""Commands in comments are read strictly, and done for those alone who may write here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.refresh.slash import Author, Decision, Known, decide

KNOWN = Known(("transformers", "vllm"), ("static", "schemas"))
ADA = Author("ada", "write", from_fork=False)
GOOD = "@llem-ci-bot /approve-reuse vllm schemas"


def one(comment: str, author: Author = ADA) -> Decision:
    (found,) = decide(comment, author, KNOWN)
    return found


@pytest.mark.parametrize("permission", ["admin", "maintain", "write"])
@pytest.mark.parametrize("comment", [GOOD, f"Looks good.\n\n{GOOD}\n", f"{GOOD}  \r\n"])
def test_who_may_write_approves(permission: str, comment: str) -> None:
    found = one(comment, Author("ada", permission, from_fork=False))
    assert found.approve == ("vllm", "schemas")
    assert found.answer == "Approved the reuse of `schemas` for vllm on behalf of @ada."


@pytest.mark.parametrize("permission", ["triage", "read", "none", "", "Write"])
def test_nobody_else_does(permission: str) -> None:
    found = one(GOOD, Author("eve", permission, from_fork=False))
    assert found.approve is None
    assert "nothing was done" in found.answer


def test_a_fork_is_never_written_to() -> None:
    assert one(GOOD, Author("ada", "admin", from_fork=True)) == Decision(
        "This pull request comes from a fork, to which I never write: nothing was done."
    )


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("@llem-ci-bot", "Unknown command ``"),
        ("@llem-ci-bot hello", "Unknown command `hello`"),
        ("@llem-ci-bot /approve vllm schemas", "Unknown command `/approve vllm schemas`"),
        ("@llem-ci-bot /APPROVE-REUSE vllm schemas", "Unknown command"),
        ("@llem-ci-bot /approve-reuse vllm", "needs an engine and a producer and nothing else"),
        (f"{GOOD} please", "needs an engine and a producer and nothing else"),
        (
            "@llem-ci-bot /approve-reuse vlm schemas",
            "Unknown engine in `/approve-reuse vlm schemas`: nothing was done; did",
        ),
        ("@llem-ci-bot /approve-reuse vllm $(id)", "Unknown producer"),
    ],
)
def test_what_is_not_the_command_is_answered_and_not_done(comment: str, said: str) -> None:
    found = one(comment)
    assert found.approve is None
    assert said in found.answer


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "Thanks!",
        f"> {GOOD}",
        f"Write {GOOD}",
        f"```\n{GOOD}\n```",
        f"    {GOOD}",
        "@llem-ci-bots /approve-reuse a b",
    ],
)
def test_what_does_not_speak_to_the_bot_is_not_answered(comment: str) -> None:
    assert decide(comment, ADA, KNOWN) == ()


def test_each_line_is_decided_by_itself() -> None:
    found = decide(f"{GOOD}\n@llem-ci-bot /approve-reuse vllm statik\n", ADA, KNOWN)
    assert [decision.approve for decision in found] == [("vllm", "schemas"), None]


@given(st.text(alphabet=st.sampled_from("@llem-ci-bot /approve-reuse vllm schemas\n`>x"), max_size=90))
def test_whatever_is_written_only_known_names_are_approved(comment: str) -> None:
    for decision in decide(comment, ADA, KNOWN):
        assert decision.approve in (None, ("vllm", "schemas"), ("vllm", "static"), ("transformers", "schemas"))
