"""The live parser of a command that a library makes with click, or with typer, which stands on it."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_PROGRAM: Final = "program"
_NO_CHOICE: Final = "no such choice"


class LiveClick:
    """The real command, as the library's own program leads words to it."""

    def __init__(self, app: Any, name: str, bare: Sequence[str] = ()) -> None:
        self._click = importlib.import_module("click")
        if not isinstance(app, self._click.Command):
            app = importlib.import_module("typer.main").get_command(app)
        self._group: Any = app
        self.words = name.split()
        self.bare = bare
        """What has to stand behind the command."""
        with self._context(bare) as context:
            self.params: Sequence[Any] = context.command.get_params(context)

    def _context(self, words: Sequence[str]) -> Any:
        """The context that click makes of the words: on the way each group looks at those of its command."""
        parent, command, rest = None, self._group, [*self.words, *words]
        context = command.make_context(_PROGRAM, rest)
        for _ in self.words:
            parent, rest = context, [*context._protected_args, *context.args]
            name, command, rest = context.command.resolve_command(parent, rest)
            context = command.make_context(name, rest, parent=parent)
        return context

    def parse(self, words: Sequence[str]) -> argparse.Namespace | None:
        """What each option is by the words behind the command; None where they are refused."""
        made = self._asked(words)
        return None if isinstance(made, Exception) else made

    def knows(self, word: str) -> bool:
        """Whether a word behind the command is an option, whatever else is said of it."""
        return not isinstance(self._asked([*self.bare, word]), self._click.NoSuchOption)

    def _asked(self, words: Sequence[str]) -> argparse.Namespace | Exception:
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                params = self._context(words).params.items()
            return argparse.Namespace(**{name: list(one) if type(one) is tuple else one for name, one in params})
        except Exception as error:  # whatever it raises instead of a message, nothing is started
            is_told = isinstance(error, self._click.exceptions.Exit) and error.exit_code == 0
            return argparse.Namespace() if is_told else error


def click_option(live: LiveClick, param: Any, conversion: Callable[[Callable[[str], Any]], str]) -> dict[str, Any]:
    """One option or place, told as those of argparse are; `conversion` finds what makes a value of a text."""
    strings = [string for string in (*param.opts, *param.secondary_opts) if string[:1] == "-"]
    kind, more = _kind(live, param, strings)
    told: dict[str, Any] = {"dest": param.name, "action": kind, "nargs": _nargs(param), "group": None, **more}
    if strings:
        told["strings"] = strings
    if param.required:
        told["required"] = True
    if told["nargs"] != 0 and kind != "unknown":
        choices = _choices(param.type)
        told["type"] = "str" if choices else conversion(lambda text: param.type.convert(text, param, None))
        told.update({"choices": choices} if choices else {})
    if isinstance(param.default, (bool, int, float, str)):
        told["default"] = param.default
    if getattr(param, "deprecated", False):
        told["deprecated"] = True
    return told


def _nargs(param: Any) -> int | str | None:
    """How many words: none, one, that many, or all that are left."""
    if getattr(param, "is_flag", False) or getattr(param, "count", False):
        return 0
    return None if param.nargs == 1 else "*" if param.nargs < 0 else int(param.nargs)


def _kind(live: LiveClick, param: Any, strings: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """What an option does, asked of the live parser where it takes no value."""
    if _nargs(param) == 0:
        said = {string: live.parse([*live.bare, string]) for string in strings}
        values = {string: getattr(made, param.name, None) for string, made in said.items()}
        if not any(hasattr(made, param.name) for made in said.values()):
            return "leave", {}
        again = {string: live.parse([*live.bare, string, string]) for string in strings}
        twice = any(getattr(again[string], param.name, None) != value for string, value in values.items())
        return ("unknown", {}) if twice else ("set", {"values": values})
    return ("unknown" if getattr(param, "multiple", False) else "store"), {}


def _choices(kind: Any) -> list[str]:
    """The texts that alone a type takes, as they are."""
    choices = [str(one) for one in getattr(kind, "choices", ())]
    return choices if choices and not any(_takes(kind, other) for other in (_NO_CHOICE, choices[0].swapcase())) else []


def _takes(kind: Any, text: str) -> bool:
    try:
        kind.convert(text, None, None)
    except Exception:  # refused, in whatever words
        return False
    return True


def click_habits(live: LiveClick, beside: Sequence[str]) -> Mapping[str, Any]:
    """How words are read, and the options that the program takes out of them before its command sees any."""
    return {"library": "click", "taken_before": [word for word in beside if live.knows(word)]}
