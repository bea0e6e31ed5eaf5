"""Terminal output: printed text cannot control the terminal, and the exit status is always right."""

from __future__ import annotations

import os
import sys

from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False  # a check of a config comes here first
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

TROUBLE = 2
INTERRUPTED = 130
TRACEBACK = "LLEM_TRACEBACK"
"""The variable that shows the traceback of an internal error."""
_LONGEST_WORD = 300


# Printed text --------------------------------------------------------------------------------------------------------


def printable(text: object) -> str:
    """One line of text that neither a terminal nor a CI log interprets.

    Control characters, changes of the writing direction, line separators and lone surrogates are escaped as Python
    does. CI commands are broken up: a `::command::` at the beginning, `##[command]` anywhere.
    """
    shown = text if type(text) is str else str(text)
    if not shown.isprintable():
        shown = "".join(one if one.isprintable() else _escaped(one) for one in shown)
    if shown[:1] in " :\u3000" and shown.lstrip()[:2] == "::":
        shown = shown.replace("::", ":\\x3a", 1)
    return shown.replace("##", "#\\x23") if "##[" in shown or "##vso[" in shown else shown


def _escaped(character: str) -> str:
    from unicodedata import category

    return character if category(character) == "Zs" else repr(character)[1:-1]


def shortened(text: str) -> str:
    """A word from the input, shortened so that the sentence around it stays one line."""
    return text if len(text) <= _LONGEST_WORD else f"{text[: _LONGEST_WORD - 1]}…"


def say(text: object = "", file: TextIO | None = None, *, flush: bool = False) -> None:
    """Print text, line by line printable."""
    print("\n".join(map(printable, str(text).split("\n"))), file=file, flush=flush)


# A command and its status --------------------------------------------------------------------------------------------


class Answer:
    """What a command has found so far, in case nobody reads the rest of its output."""

    def __init__(self) -> None:
        self.status = 0


def guarded(program: str, command: Callable[[Answer], int]) -> int:
    """Run a command: in any case it ends with the right status, and one line about an error."""
    _open_streams()
    answer = Answer()
    try:
        status = command(answer)
        sys.stdout.flush()
        return status
    except LlemError as error:
        return _fail(program, str(error))
    except BrokenPipeError:
        # The reader closed the pipe. Without this, Python would report an error when it flushes at exit.
        _silence(sys.stdout)
        return answer.status
    except SystemExit:  # from `--help` and parse errors
        _flush()
        raise
    except KeyboardInterrupt:
        _fail(program, "interrupted")
        return INTERRUPTED
    except OSError as error:
        if TRACEBACK in os.environ:
            raise
        about = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return _fail(program, f"{about}{error.strerror or error}")
    except RecursionError:
        if TRACEBACK in os.environ:
            raise
        return _fail(program, "the input nests too deeply — flatten it")
    except MemoryError:
        return _fail(program, "the input needs more memory than this machine has")
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        told = f"internal error: {type(error).__name__}: {shortened(str(error))}"
        return _fail(program, f"{told} — please report it ({TRACEBACK}=1 shows where)")


def _fail(program: str, sentence: str) -> int:
    _flush()
    try:
        print(printable(f"{program}: {sentence}"), file=sys.stderr, flush=True)
    except (OSError, ValueError):
        _silence(sys.stderr)
    return TROUBLE


def _flush() -> None:
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        _silence(sys.stdout)


def _open_streams() -> None:
    """Make both streams exist, and replace characters that their encoding lacks."""
    if sys.stdout is None:  # closed before the process began
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and not str(stream.encoding).lower().startswith("utf"):
            _know_plain_signs()
            reconfigure(errors=_PLAIN)
        elif reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _silence(stream: Any) -> None:
    """Redirect a stream to the null device, so that flushing it at exit succeeds."""
    try:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, stream.fileno())
        os.close(descriptor)
    except (OSError, ValueError, AttributeError):
        pass


_PLAIN = "llem_plain"
_SIGNS = {"✓": "+", "✗": "x", "…": "...", "—": "-", "·": "-", "→": "->", "×": "x", "≤": "<=", "≥": ">="}


def _know_plain_signs() -> None:
    import codecs

    def plainly(error: UnicodeError) -> tuple[str | bytes, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        lacking = error.object[error.start : error.end]
        if all(one in _SIGNS for one in lacking):
            return "".join(_SIGNS[one] for one in lacking), error.end
        return codecs.backslashreplace_errors(error)

    codecs.register_error(_PLAIN, plainly)
