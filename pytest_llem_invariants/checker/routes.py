"""From what people write to the classes that judge it. Which key means what is data: `routes` in the engine's SSOT."""

from __future__ import annotations

from pytest_llem_invariants.checker.meanings import NOTHING, Meanings, field_of
from pytest_llem_invariants.checker.routed import Routed, give
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.checker.verdict import Violation, remark_of
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.bounded import DEEPEST, depth_of
from pytest_llem_invariants.text.likeness import MOST_GUESSES, nearest
from pytest_llem_invariants.text.terminal import shortened
from pytest_llem_invariants.text.untold import is_many, is_untold, whole_templates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any, TypeGuard

    from pytest_llem_invariants.checker.core import LoadedCorpus

    Path = tuple[str | int, ...]


UNKNOWN_WORD = "unknown_word"


class RoutingError(LlemError):
    """Nothing in the corpus fits what was written."""


class NoCommandError(RoutingError):
    """The version has no such command, or nobody knows how it reads its words."""


def route(corpus: LoadedCorpus, config: Mapping[str, Any], form: str | None = None) -> list[Routed]:
    """Every class that a document speaks to."""
    forms: Mapping[str, Mapping[str, Any]] = corpus.routes.get("forms", {})
    if form is not None:
        if form in forms:
            return _through(corpus, forms[form], config)
        name = corpus.resolve(form)
        return [Routed(name, as_told(config), {key: (key,) for key in config if key is not UNKNOWN})]
    if not forms:
        raise RoutingError(f"{corpus.engine}: no routes lead from a config to a class — name the class with --type")
    for candidate in forms.values():
        if _is_marked(candidate, config):
            return _through(corpus, candidate, config)
    return _through(corpus, _best(corpus, forms.values(), config), config)


def _best(corpus: LoadedCorpus, forms: Iterable[Mapping[str, Any]], config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first of the forms that know most of the keys."""
    best, most = None, -1
    for form in forms:
        if "where" not in form:
            known = _known(corpus, form, config)
            if known > most:
                best, most = form, known
                if known >= len(config):
                    break
    assert best is not None, "an engine has a form that any document may have"
    return best


def as_told(value: Any) -> Any:
    """A value with UNKNOWN for each text in it that does not tell its own; as a key it stands for any further ones."""
    kind = type(value)
    if kind is str:
        return UNKNOWN if is_untold(value) else value
    if kind is dict:
        return {
            as_told(key): UNKNOWN if type(key) is str and is_untold(key) else as_told(item)
            for key, item in value.items()
        }
    if kind is list:
        return [as_told(item) for item in value]
    return value


def _is_marked(form: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether a key of the document, or the value of one, says that it is of this form."""
    where = form.get("where", {})
    if where and all(config.get(key) == value for key, value in where.items()):
        return True
    return not config.keys().isdisjoint(form.get("marks", ()))


def _known(corpus: LoadedCorpus, form: Mapping[str, Any], config: Mapping[str, Any]) -> int:
    """How many of the keys this form understands: the first of the best wins."""
    name = _class_of(corpus, form, config)
    kept = corpus.meanings
    meant = kept.get((id(form), name))
    if meant is None:
        meant = kept[id(form), name] = Meanings(corpus, form, name)
    return len({meant[key] for key in config} - NOTHING)


def _class_of(corpus: LoadedCorpus, form: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """The class of a form; of requests, that of the kind that the document is."""
    name: str | None = form.get("class")
    if "kinds" not in form:
        return name
    from pytest_llem_invariants.checker.requests import body_of, kind_of

    _, body, path = body_of(form, config)
    kind = kind_of(corpus, form, body, path)
    return name if kind is None else str(kind["class"])


def understood(corpus: LoadedCorpus, config: Mapping[str, Any]) -> int:
    """How many keys of a document the engine understands, as whichever form fits best; a mark counts for more."""
    forms = corpus.routes.get("forms", {}).values()
    marked = sum(mark in config for form in forms for mark in form.get("marks", ()))
    return 10 * marked + max((_known(corpus, form, config) for form in forms), default=0)


def is_config(corpus: LoadedCorpus, config: Mapping[str, Any], *, is_sure: bool = False) -> bool:
    """Whether a mapping can be meant for the engine: it knows most of the keys, or the file bears a mark of a form."""
    forms = corpus.routes.get("forms", {}).values()
    for form in forms:
        marks = sum(mark in config for mark in form.get("marks", ()))
        known = marks + _known(corpus, form, config)
        if marks and (form.get("class") is None or 3 * known >= len(config)):
            return True
    known = max((_known(corpus, form, config) for form in forms), default=0)
    return known > 2 and 5 * known >= 4 * len(config) if is_sure else 2 * known >= len(config)


def _meant(form: Mapping[str, Any], known: Collection[str], key: str) -> tuple[str, bool]:
    """The field or ignored option that a key means, and whether the key negates it.

    `no_x` negates only what is known as `x`. Where a parser takes them, the beginning of an option's name stands for
    the one option that begins so.
    """
    ignored = form.get("ignore", ())
    field, negated = field_of(form, key)
    if field in known or field in ignored:
        return field, negated
    written = f"no_{field}" if negated else field
    if form.get("abbreviations"):
        names = {*known, *ignored, *(name for name in form.get("fields", {}) if "_" in name)}
        options = [option for name in names for option in (name, f"no_{name}") if option.startswith(written)]
        if len(options) == 1:
            return field_of(form, options[0])
    return written, False


def _through(corpus: LoadedCorpus, form: Mapping[str, Any], config: Mapping[str, Any]) -> list[Routed]:
    parser = corpus.parser(form.get("parser"))
    if parser is not None:
        from pytest_llem_invariants.checker.argv_routes import of_config

        return of_config(corpus, form, parser, config)
    if "kinds" not in form:
        return _as_class(corpus, form, config)
    from pytest_llem_invariants.checker.requests import body_of, kind_of

    above, body, path = body_of(form, config)
    return [part.below(above) for part in _as_class(corpus, kind_of(corpus, form, body, path) or form, body)]


def _as_class(corpus: LoadedCorpus, form: Mapping[str, Any], config: Mapping[str, Any]) -> list[Routed]:
    ignored: Collection[str] = form.get("ignore", ())
    sections: Mapping[str, Any] = form.get("sections", {})
    name: str | None = form.get("class")
    tests = None if name is None else corpus.class_checker(name)
    fields = None if tests is None else tests.fields
    remarks: list[Violation] = []
    kwargs: dict[str, Any] = {}
    places: dict[str, Path] = {}
    routed: list[Routed] = []
    extras = form.get("extras")
    unset = form.get("unset", ())
    guesses = MOST_GUESSES
    for (*above, key), value in _entries(form, config):
        if key is UNKNOWN or (type(key) is str and is_untold(key)):
            give(kwargs, UNKNOWN, UNKNOWN)
            continue
        value = as_told(value)
        first, dot, rest = str(key).partition(".")
        field, negated = field_of(form, first) if fields is None else _meant(form, fields, first)
        if field in ignored or (value is None and None in unset):
            continue
        if extras and tests and fields is not None and field not in fields and field not in sections:
            guesses -= 1
            is_dropped = field not in form.get("looked_at", ())
            remark = tests.remark(field, is_guessed=guesses >= 0, is_told=extras == "told", is_dropped=is_dropped)
            if remark is not None:
                remarks.append(remark.moved((*above, key), (".".join(map(str, (*above, key))),)))
            continue
        if form.get("flags") and fields is not None and field not in fields and _is_known_elsewhere(corpus, first):
            continue
        if dot and form.get("flags"):
            value = _listed(value) if rest.endswith("+") else value
            rest = rest.removesuffix("+")
            if rest.count(".") >= DEEPEST:
                raise RoutingError(f"an option nests deeper than {DEEPEST} levels: {str(key)[:40]}… — flatten it")
            _insert(kwargs, [field, *rest.split(".")], _parsed(value, None))
            places[f"{field}.{rest}"] = (*above, key)
            continue
        if form.get("flags"):
            value = _of_option(value, form.get("words", {}).get(field, {}), (fields or {}).get(field))
        if negated and isinstance(value, bool):
            value = not value
        if field in sections and isinstance(value, dict):
            routed.extend(_section(corpus, sections[field], str(key), value))
            continue
        give(kwargs, field, value)
        places[field] = (*above, key)
    if name is None:
        return routed
    # What another document says, of which nothing is known but that it says it.
    kwargs = {**{field: value for field, value in form.get("elsewhere", {}).items() if field not in kwargs}, **kwargs}
    return [Routed(name, kwargs, places, remarks), *routed]


def _is_known_elsewhere(corpus: LoadedCorpus, option: str) -> bool:
    """Whether the release has an option that no class here judges."""
    releases = corpus.releases
    return releases is not None and releases.has_option(option)


def _of_option(value: Any, words: Mapping[str, Any], kinds: Sequence[str] | None) -> Any:
    """What the parser of a command line makes of an option's value; of a list's one element, too."""
    value = _parsed(words.get(value, value) if isinstance(value, str) else value, kinds)
    if not _takes_many(kinds) or value is UNKNOWN or isinstance(value, (list, dict)):
        return value
    return value if type(value).__name__ in ("NoneType", *kinds) else [value]


def _entries(form: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The entries of the document, those of its inlined mappings in their place."""
    inline = form.get("inline", ())
    for key, value in config.items():
        if key in inline and isinstance(value, dict):
            for inner, item in value.items():
                yield (key, inner), item
        else:
            yield (key,), value


def _insert(into: dict[str, Any], names: Sequence[str], value: Any) -> None:
    """Put a value at a path, beside what other options put there; a value that is no mapping gives way."""
    for name in names[:-1]:
        inner = into.get(name)
        if not isinstance(inner, dict):
            inner = into[name] = {}
        into = inner
    into[names[-1]] = value


def _listed(value: Any) -> Any:
    """The elements of an option that is given as `--name.list+ a,b`."""
    return [_parsed(item, None) for item in value.split(",")] if isinstance(value, str) else value


def _section(corpus: LoadedCorpus, target: Any, key: str, value: dict[str, Any]) -> list[Routed]:
    """A mapping inside the document that is a class of its own, chosen by a key inside it where there are several.

    Of a class without rules and schema there is nothing to say.
    """
    drop: Sequence[str] = ()
    if isinstance(target, dict):
        chosen = value.get(target["by"])
        drop = (target["by"], *target.get("ignore", ()))
        classes = target["classes"]
        if not isinstance(chosen, str):
            return []
        if chosen not in classes:
            remark = _unknown_word(target, key, value, chosen)
            return [] if remark is None else [Routed(None, {}, {}, (remark,))]
        target = classes[chosen]
    if target not in corpus.native_types:
        return []
    kwargs = {name if name is UNKNOWN else str(name): item for name, item in value.items() if name not in drop}
    return [Routed(target, kwargs, {name: (key, name) for name in kwargs if name is not UNKNOWN})]


def _unknown_word(target: Mapping[str, Any], key: str, value: Mapping[str, Any], chosen: str) -> Violation | None:
    """What the engine says of a word that chooses no class; nothing where other keys of the mapping choose first."""
    unknown: Mapping[str, Any] = target.get("unknown", {})
    if not unknown or any(value.get(name) for name in unknown.get("unless", ())):
        return None
    guess = nearest(chosen, target["classes"])
    fix = "name a known one" if guess is None else f"did you mean {guess}?"
    path = (key, target["by"])
    field = ".".join(path)
    text = unknown["message"].replace("{value}", shortened(chosen))
    return Violation(remark_of(UNKNOWN_WORD, "warn", text, fix, "none"), key, (field,), {field: chosen}, path)


def _parsed(value: Any, kinds: Sequence[str] | None) -> Any:
    """A value as the command line would read it: text becomes what the field takes."""
    if not isinstance(value, str):
        return value
    if kinds is not None and "str" in kinds and not value.startswith(("{", "[")):
        return value
    if value[:1] in ("{", "["):
        import json

        try:
            data = json.loads(value)
        except (ValueError, RecursionError):
            return value
        if depth_of(data) > DEEPEST:
            raise RoutingError(f"an option nests deeper than {DEEPEST} levels: {value[:40]}… — flatten it")
        return data
    if value in ("None", "null"):
        return None
    if kinds is None or "int" in kinds:
        number = _short_number(value)
        if number is not None:
            return number
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


_SUFFIXES = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


_LONGEST_NUMBER = 100


def _short_number(text: str) -> int | None:
    """`2k` is 2,000 and `2K` is 2,048."""
    factor = _SUFFIXES.get(text[-1:])
    if factor is None or len(text) > _LONGEST_NUMBER:
        return None
    if not text[:-1].replace(".", "", 1).isdecimal() or (text[-1].isupper() and "." in text):
        return None
    return int(float(text[:-1]) * factor) if "." in text else int(text[:-1]) * factor


def begins(command: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Whether a command line calls this command, by whatever path to the program."""
    head = command["words"]
    return [word.rpartition("/")[2] for word in words[: len(head)]] == list(head)


def route_command(
    corpus: LoadedCorpus, words: Sequence[str], read: Callable[[str], Mapping[str, Any]] | None = None
) -> list[Routed]:
    """A command line, by the first command of the engine that its words begin with, or that stands in them.

    `read` opens the config file that the command line may name; what the command line says itself wins.
    """
    words = whole_templates(words)
    for command in corpus.routes.get("commands", ()):
        head = command["words"]
        if begins(command, words):
            form = corpus.routes["forms"].get(command.get("form"), {})
            parser = corpus.parser(command.get("parser", form.get("parser")))
            if parser is not None:
                from pytest_llem_invariants.checker.argv_routes import of_command

                return of_command(corpus, command, parser, words, read)
            options = _options(corpus, form, command, list(words[len(head) :]))
            named = next((options[key] for key in options if _named(form, key) == command.get("file")), None)
            if read is not None and isinstance(named, str) and not is_untold(named):
                told = {_named(form, key) for key in options}
                below = {key: value for key, value in read(named).items() if _named(form, key) not in told}
                options = {**below, **options}
            return _through(corpus, form, options)
    from pytest_llem_invariants.readers.declared import engine_of
    from pytest_llem_invariants.readers.launches import in_line
    from pytest_llem_invariants.readers.told import words_of

    for found in in_line(words, [engine_of(corpus.engine, corpus.routes)]):
        return route_command(corpus, words_of(found), read)
    known = ", ".join(" ".join(command["words"]) for command in corpus.routes.get("commands", ())) or "none"
    raise NoCommandError(f"{corpus.engine}: no command begins with {' '.join(words[:2])!r} — known are {known}")


def _named(form: Mapping[str, Any], key: Any) -> str:
    return "" if key is UNKNOWN else field_of(form, key)[0]


def _options(
    corpus: LoadedCorpus, form: Mapping[str, Any], command: Mapping[str, Any], words: list[str]
) -> dict[str, Any]:
    fields = corpus.class_checker(form["class"]).fields or {}
    options: dict[Any, Any] = {}
    free: list[str] = []
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if not word.startswith("-") or word == "-":
            if is_many(word) or (free and is_untold(word)):
                give(options, UNKNOWN, UNKNOWN)
            else:
                free.append(word)
            continue
        key, equals, value = word.partition("=")
        if not equals and word[1:2] in command.get("attached", ()) and word[2:3].isalnum():
            key, equals, value = word[:2], "=", word[2:]
        if equals:
            give(options, key, value)
            continue
        values = []
        while index < len(words) and not _is_option(words[index]) and not is_many(words[index]):
            values.append(words[index])
            index += 1
            if not _takes_many(fields.get(_meant(form, fields, key.lstrip("-"))[0])):
                break
        if not values and index < len(words) and is_many(words[index]):
            values = [UNKNOWN]
        give(options, key, True if not values else values[0] if len(values) == 1 else values)
    if free and "positional" in command:
        options.setdefault(command["positional"], free[0])
    return options


def _is_option(word: str) -> bool:
    return word.startswith("-") and not word[1:2].isdigit() and word[1:2] != "."


def _takes_many(kinds: Sequence[str] | None) -> TypeGuard[Sequence[str]]:
    return kinds is not None and "list" in kinds
