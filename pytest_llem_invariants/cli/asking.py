"""What a page asks: the check of the command line, of a text in place of a file, and edits that it has tried."""

from __future__ import annotations

import json
import os

from pytest_llem_invariants.checker.describe import by_cause, depending, describe, distinct, undecided
from pytest_llem_invariants.cli import check
from pytest_llem_invariants.cli.files import Files
from pytest_llem_invariants.cli.formats import How
from pytest_llem_invariants.cli.formats.common import place
from pytest_llem_invariants.cli.formats.json import render
from pytest_llem_invariants.cli.parser import parse
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.terminal import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Violation
    from pytest_llem_invariants.cli.checked import Checked

LONGEST = 1024 * 1024
"""Characters of a text that a page may send."""
_ENDINGS = ("sh", "yaml", "json", "py", "dockerfile", "md")
_MOST_EDITS = 3
_MOST_SHOWN = 200


class Asked:
    """A question, and the folder in which its texts are kept as files while it is answered."""

    def __init__(self, data: Mapping[str, Any], folder: str, root: str | None = None) -> None:
        self.text = _text(data, "text")
        ending = data.get("kind") or kind_of(self.text)
        if ending not in _ENDINGS:
            raise LlemError(f"no kind of text {ending!r} — known are {', '.join(_ENDINGS)}")
        self.name = f"config.{ending}"
        self.folder = folder
        self.options = [f"--{key}={value}" for key, name in _OPTIONS if (value := _text(data, name))]
        if root is not None:
            self.options.append(f"--root={root}")
        for name, file in (("model", "model/config.json"), ("served", f"served.{kind_of(_text(data, 'served'))}")):
            text = _text(data, name)
            if text:
                self.options.append(f"--{name}={self.write(file, text)}")

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogatepass", newline="") as file:
            file.write(text)
        return path

    def checked(self) -> list[Checked]:
        """As `llem-invariants check` has it."""
        return check.checked(self._parsed())

    def files(self) -> tuple[Files, str]:
        """What checks other texts in the same way, and the name of the file."""
        options = self._parsed()
        return Files(options, Surroundings(options, options.gpu)), options.files[0]

    def _parsed(self) -> argparse.Namespace:
        options = parse(["check", "--format=json", *self.options, self.write(self.name, self.text)])
        options.apart = True
        return options


_OPTIONS = (("engine", "engine"), ("engine-version", "version"), ("gpu", "gpu"))


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str):
        raise LlemError(f"{name} is no text")
    if len(value) > LONGEST:
        raise LlemError(f"{name} has more than {LONGEST:,} characters — check a smaller part of it")
    return value


def kind_of(text: str) -> str:
    """The kind of file that a text would be kept in."""
    begin = text.lstrip()
    first = begin.partition("\n")[0].strip()
    if begin[:1] in ("{", "["):
        return "json"
    if first.startswith("FROM ") or "\nFROM " in text:
        return "dockerfile"
    if first.startswith(("import ", "from ")) or "\nimport " in text:
        return "py"
    if first.startswith("---") or (first.startswith("#") and ":" in text and " --" not in text):
        return "yaml"
    head, colon, _ = first.partition(":")
    is_key = bool(colon) and " " not in head.strip().lstrip("- ") and "/" not in head
    return "yaml" if is_key or not first else "sh"


def answer(asked: str, folder: str, root: str | None = None) -> str:
    """The answer to a question in JSON, as JSON; whatever goes wrong is an answer too."""
    try:
        data = json.loads(asked)
        if not isinstance(data, dict):
            raise LlemError("the question is no mapping")
        question = Asked(data, folder, root)
        if "finding" in data:
            return json.dumps({"edits": list(edits(question, data["finding"]))})
        return json.dumps(_told(question))
    except LlemError as error:
        return json.dumps({"error": _without(str(error), folder)})
    except SystemExit:
        return json.dumps({"error": "an option cannot be read"})
    except RecursionError:
        return json.dumps({"error": "the text nests too deeply — flatten it"})
    except Exception as error:  # a page that waits has to hear of it
        return json.dumps({"error": f"internal error: {type(error).__name__}: {shortened(str(error))}"})


def _without(text: str, folder: str) -> str:
    return text.replace(f"{folder}{os.sep}", "")


def _told(question: Asked) -> dict[str, Any]:
    checked = question.checked()
    findings = [told for document in checked for told in _findings(document, question.text)]
    lines = [line for document in checked for line in depending(document.verdict, document.given)]
    return {
        "kind": question.name.rpartition(".")[2],
        "documents": [
            {
                "engine": one.checker.engine,
                "version": one.checker.version,
                "status": one.verdict.status,
                "certification": one.verdict.certification,
                "notes": list(one.remarks),
            }
            for one in checked
        ],
        "status": max((one.verdict.status for one in checked), key=_GRAVITY.index),
        "findings": findings[:_MOST_SHOWN],
        "depends": list(dict.fromkeys(map(_as_chosen, lines))),
        "json": _without(render(checked, How()), question.folder),
    }


_CHOSEN = (
    ("pass --gpu SPEC --model DIR", "choose a GPU and a model"),
    ("pass --gpu SPEC", "choose a GPU"),
    ("pass --model DIR", "choose a model"),
    ("pass --served FILE|COMMAND", "write how the server was started"),
)
"""Options of the command line, as the page has them."""


def _as_chosen(line: str) -> str:
    for option, choice in _CHOSEN:
        line = line.replace(option, choice)
    return line


_GRAVITY = ("accepted", "depends", "rejected")


def _shown(document: Checked) -> Iterator[tuple[Violation, Sequence[Violation], str | None]]:
    for violation, *more in by_cause(distinct(document.verdict.violations)):
        yield violation, more, None
    for one in undecided(document.verdict):
        yield one.violation, (), one.decides or ", ".join(one.facts)


def _findings(document: Checked, text: str) -> Iterator[dict[str, Any]]:
    for violation, more, condition in _shown(document):
        line, column = place(document, violation) or (1, 1)
        head = describe(violation, "", condition=None)[0]
        yield {
            "severity": violation.severity,
            "if": condition,
            "head": head.partition(": ")[2].partition(": ")[2],
            "message": violation.message,
            "more": [one.message for one in more],
            "fix": violation.suggestion,
            "where": violation.guard,
            "rule": violation.rule_id if violation.guard else None,
            "engine": document.checker.engine,
            "certification": violation.certification,
            "line": line,
            "column": column,
            "length": _length(text, line, column),
        }


def _length(text: str, line: int, column: int) -> int:
    """How much is underlined: the word that stands there."""
    lines = text.split("\n")
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    length = next((at for at, letter in enumerate(rest) if letter in " \t\r:=,}]\n" and at), len(rest))
    return max(length, 1)


# Edits


def edits(question: Asked, number: int) -> Iterator[dict[str, str]]:
    """The edits of the text that free it of a finding and break nothing else: each is tried before it is offered."""
    from pytest_llem_invariants.cli.changing import name_of, spelled, with_edit
    from pytest_llem_invariants.readers.edits import UnsureError

    files, path = question.files()
    docs = files.of_text(path, question.text)
    every = [(at, violation) for at, document in enumerate(docs) for violation, _, _ in _shown(document)]
    if not isinstance(number, int) or not 0 <= number < len(every):
        return
    violation = every[number][1]
    found: dict[str, str] = {}
    for edit in violation.edits:
        title = spelled(violation, edit).told(name_of(violation, edit))
        try:
            text = with_edit(files, path, question.text, docs, every[number], edit)
        except (LlemError, UnsureError):
            continue
        if text not in found:
            found[text] = title
            yield {"title": title, "text": text}
        if len(found) == _MOST_EDITS:
            return
