"""What `action.yml` runs: its inputs, which come as variables, as a `check`, and the answer as its outputs."""

from __future__ import annotations

import os
import sys

from pytest_llem_invariants.cli import INVALID, TROUBLE, main
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.terminal import Answer, guarded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "LLEM_INPUT_"
"""What begins the variable of each input."""
FAIL_ON = {"error": [], "warning": ["--strict"], "undecided": ["--require-decided"], "never": []}
_RESULTS = {0: "accepted", INVALID: "rejected"}


def words_of(inputs: Mapping[str, str], summary: str = "") -> list[str]:
    """The command line of a check; LlemError where an input says nothing that can be meant."""
    fail_on = _one_of(inputs, "fail-on", FAIL_ON)
    words = ["check", "--format", "github" if _is_on(inputs, "annotations") else "text", *FAIL_ON[fail_on]]
    if _is_on(inputs, "skip-others"):
        words.append("--skip-others")
    told = ("engine", "engine-version", "gpu", "model", "sarif")
    words += [f"--{name}={inputs[name]}" for name in told if inputs.get(name)]
    if summary and _is_on(inputs, "summary"):
        words.append(f"--summary={summary}")
    words += _lines(inputs.get("options", ""))
    paths = _lines(inputs.get("paths", "")) or ["."]
    return [*words, *(f"./{path}" if path.startswith("-") else path for path in paths)]


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line]


def _is_on(inputs: Mapping[str, str], name: str) -> bool:
    return _one_of(inputs, name, ("true", "false")) == "true"


def _one_of(inputs: Mapping[str, str], name: str, choices: Mapping[str, object] | tuple[str, ...]) -> str:
    """The word of an input; the first of the choices where it has none."""
    word = inputs.get(name, "") or next(iter(choices))
    if word not in choices:
        raise LlemError(f"the input {name!r} is {word!r} — choose one of {', '.join(choices)}")
    return word


def run(environment: Mapping[str, str]) -> int:
    """Check, tell GitHub, and end with the status that the step has."""
    inputs = {
        name.removeprefix(PREFIX).lower().replace("_", "-"): text.strip()
        for name, text in environment.items()
        if name.startswith(PREFIX)
    }

    def command(_: Answer) -> int:
        return main(words_of(inputs, environment.get("GITHUB_STEP_SUMMARY", "")))

    try:
        status = guarded("llem-invariants", command)
    except SystemExit:  # how argparse ends where an option is wrong
        status = TROUBLE
    if status not in _RESULTS:
        print("::error title=llem-invariants::The question cannot be answered: the log of this step says why.")
    outputs = environment.get("GITHUB_OUTPUT")
    if outputs:
        with open(outputs, "a", encoding="utf-8") as file:
            file.write(f"result={_RESULTS.get(status, 'unanswered')}\n")
    return 0 if status == INVALID and inputs.get("fail-on") == "never" else status


if __name__ == "__main__":
    sys.exit(run(os.environ))
