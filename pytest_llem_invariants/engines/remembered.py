"""What a library reads from a folder that does not change, read once: every later answer is a copy of the first."""

from __future__ import annotations

import copy
import functools
import importlib
import logging
import pickle
import sys
import warnings
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final, final

from pytest_llem_invariants.language.values import holdable, identity

Folders = Callable[[], Collection[str]]
Copies = Callable[[], Any]
State = Callable[[], Hashable]
_MOST_TEXTS: Final = 4096
_said: Final[list[str]] = []
"""What stands in now for what the machine and its packages say, one block within another."""


def remember(owner: type[Any], name: str, folders: Folders) -> None:
    """Let a class method that is given one of these folders read it once for the same plain arguments.

    What raised, warned or logged is part of the answer to a config, and asked for anew each time.
    """
    setattr(owner, name, staticmethod(_remembering(getattr(owner, name), folders, lambda: None)))


def remember_function(module: ModuleType, name: str, folders: Folders, clear_once: Callable[[], object]) -> None:
    """The same for a function, in its module and in all of the package that bound it already.

    `clear_once` lets what is announced only once be announced again: silence for that reason is no silence.
    """
    read = getattr(module, name, None)
    if read is not None:
        _exchange(module, name, functools.wraps(read)(_remembering(read, folders, clear_once)))


def remember_steady(place: str) -> None:
    """Let a function that speaks of the machine alone, and costs as much as a config, be asked once.

    `module:name` is meant for the whole package; of `module:other.name`, a function of another package, for the module.
    """
    module, path = _module_of(place)
    other, _, name = path.rpartition(".")
    if not other and hasattr(module, name):
        _exchange(module, name, functools.cache(getattr(module, name)))
    elif hasattr(getattr(module, other, None), name):
        called = getattr(module, other)
        alone = ModuleType(called.__name__)
        vars(alone).update(vars(called), **{name: functools.cache(getattr(called, name))})
        setattr(module, other, alone)


def say_always(place: str, value: Any) -> None:
    """Let a function or a constant (`module:name`) that speaks of the machine say the same on all of them."""
    module, name = _module_of(place)
    if hasattr(module, name):
        held = getattr(module, name)
        _exchange(module, name, functools.wraps(held)(_answering(value)) if callable(held) else value)


@contextmanager
def saying(said: Mapping[str, Any]) -> Iterator[None]:
    """Let what speaks of the machine (`module:name`, a function or a constant) say something else for a block.

    Only what stands at that very place is exchanged, and only where the version of the library has it.
    """
    before: list[tuple[ModuleType, str, Any]] = []
    for place, value in said.items():
        module, name = _module_of(place)
        if hasattr(module, name):
            held = getattr(module, name)
            before.append((module, name, held))
            setattr(module, name, _answering(value) if callable(held) else value)
    _said.append(identity(sorted(said.items())))
    try:
        yield
    finally:
        _said.pop()
        for module, name, held in before:
            setattr(module, name, held)


def _answering(value: Any) -> Callable[..., Any]:
    return lambda *arguments, **options: value


def remember_built(place: str, state: State, clear_once: Callable[[], object]) -> None:
    """Let an object of a class (`module:class`) that takes long to build be built twice of the same plain arguments.

    From then on it is a copy, as long as the process stands in the same `state` and is told the same of machine and
    packages. Most are built once, and not kept.
    """
    module, name = _module_of(place)
    if hasattr(module, name):
        owner = getattr(module, name)
        owner.__init__ = _building(owner.__init__, state, clear_once)


def remember_text(place: str) -> None:
    """Let the text of a class's objects (`module:class`) be made once of each state: errors echo it, cut short."""
    module, name = _module_of(place)
    if hasattr(module, name):
        owner = getattr(module, name)
        owner.__repr__ = _telling(owner.__repr__)


def _module_of(place: str) -> tuple[ModuleType, str]:
    """The module of a place (`module:name`), an empty one where another version of the library keeps it elsewhere."""
    module, _, name = place.partition(":")
    try:
        return importlib.import_module(module), name
    except ModuleNotFoundError:
        return ModuleType(module), name


def _telling(tell: Callable[[Any], str]) -> Callable[[Any], str]:
    made: dict[tuple[type[Any], bytes], str] = {}

    @functools.wraps(tell)
    def told(one: Any) -> str:
        try:
            state = type(one), pickle.dumps(vars(one), pickle.HIGHEST_PROTOCOL)
        except Exception:  # not everything can be pickled
            return tell(one)
        if state not in made:
            if len(made) >= _MOST_TEXTS:
                made.clear()
            made[state] = tell(one)
        return made[state]

    return told


def _exchange(module: ModuleType, name: str, by: Any) -> None:
    """Put another function in the place of one, in its module and in all of the package that bound it already."""
    before = getattr(module, name)
    package = module.__name__.partition(".")[0]
    for one in [held for key, held in sys.modules.items() if key.partition(".")[0] == package]:
        if vars(one).get(name) is before:
            setattr(one, name, by)


def _remembering(read: Callable[..., Any], folders: Folders, clear_once: Callable[[], object]) -> Callable[..., Any]:
    answers = _Answers(clear_once)

    def remembered(*arguments: Any, **options: Any) -> Any:
        given = (*arguments, *options.values())
        if not given or not isinstance(given[0], str) or given[0] not in folders() or not all(map(holdable, given)):
            return read(*arguments, **options)
        return answers.of(identity((arguments, options)), lambda: read(*arguments, **options))

    return remembered


def _building(build: Callable[..., None], state: State, clear_once: Callable[[], object]) -> Callable[..., None]:
    answers = _Answers(clear_once)
    met: set[int] = set()
    """Of what was built, the hashes: there is a lot of it, and to take one for another is to keep what need not be."""

    @functools.wraps(build)
    def built(one: Any, *arguments: Any, **options: Any) -> None:
        def anew() -> dict[str, Any]:
            build(one, *arguments, **options)
            made: dict[str, Any] = vars(one)
            return made

        before = state()
        key = before, *_said, identity((arguments, options))
        if hash(key) not in met or not all(map(holdable, (*arguments, *options.values()))):
            met.add(hash(key))
            anew()
        else:
            vars(one).update(answers.of(key, anew, lambda: state() == before))

    return built


@final
class _Answers:
    """What was answered in silence, by what was asked."""

    def __init__(self, clear_once: Callable[[], object]) -> None:
        self._clear_once = clear_once
        self._copies: dict[Hashable, Copies] = {}
        self._loud: set[Hashable] = set()

    def of(self, key: Hashable, ask: Callable[[], Any], is_as_before: Callable[[], bool] = lambda: True) -> Any:
        """A copy of the first answer; a new one where the first came with a word, or left something behind."""
        if key in self._copies:
            return self._copies[key]()
        if key in self._loud:
            return ask()
        self._clear_once()
        with _listening() as said:
            answer = ask()
        for one in said:
            if isinstance(one, warnings.WarningMessage):
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        if said or not is_as_before():
            self._loud.add(key)
        else:
            self._copies[key] = _copies_of(answer)
        return answer


@contextmanager
def _listening() -> Iterator[list[Any]]:
    """What is announced in a block: its warnings, which are kept back, and its log records of a warning or worse."""
    make = logging.getLogRecordFactory()
    records: list[Any] = []

    def noting(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = make(*arguments, **options)
        if record.levelno >= logging.WARNING:
            records.append(record)
        return record

    logging.setLogRecordFactory(noting)
    said: list[Any] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield said
    finally:
        logging.setLogRecordFactory(make)
        said.extend((*caught, *records))


def _copies_of(answer: Any) -> Copies:
    """Gives a copy of the answer each time: from its pickle, which is faster, where that gives back what it was."""
    try:
        pickled = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        pickle.loads(pickled)
    except Exception:  # not everything can be pickled
        kept = copy.deepcopy(answer)
        return lambda: copy.deepcopy(kept)
    return lambda: pickle.loads(pickled)


def once_caches(holders: Iterable[object]) -> tuple[Callable[[], None], ...]:
    """What clears the caches behind the `…_once` functions of modules and classes."""
    found: dict[int, Callable[[], None]] = {}
    for holder in holders:
        for name, value in list(vars(holder).items()):
            clear = getattr(value, "cache_clear", None) if name.endswith("_once") else None
            if callable(clear):
                found[id(value)] = clear
    return tuple(found.values())
