"""What a model names, such as its type or architecture, and the version's table does not list: which versions do."""

from __future__ import annotations

import functools
import re

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.layout import NEWEST, Compiled
from pytest_llem_invariants.checker.verdict import Dependence, Violation, remark_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pytest_llem_invariants.checker.layout import Root

KIND = "unlisted_name"
OWN_CODE = "own_code"
_TYPE = "model_type"
FAMILY = "~"
"""Behind a key of config.json: the families of names that the library may take in another way."""
_ENDING = r"(?<=.)(?:For[A-Z]\w*|(?:Chat|LMHead|Embedding|Reward|Classification)?Model)\Z"


def family(name: str) -> str:
    """What all classes of one model have in common: `Llama` of LlamaForCausalLM, LlamaModel and others."""
    return re.sub(_ENDING, "", name)


def unlisted(
    engine: str,
    compiled: Compiled,
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    facts: Mapping[str, Any],
    root: Root | None,
) -> Iterator[Violation | Dependence]:
    """For each key of a model's config all of whose names the version lacks: what is said, and what would be.

    `own` declares by `elsewhere` the package on which it depends whether the library takes the model in another way: a
    name is lacking for certain where the table was made with that version, or with all that the release allows. By
    `code` it declares for each key another one that names code of the model's own for it, and the argument `given` that
    has this code run.
    """
    models = compiled.models()
    for key, fact in sorted(own["elsewhere"].items(), key=lambda item: item[0] != _TYPE):
        named = facts.get(f"model.config.{key}")
        names = [name for name in (named if type(named) is list else [named]) if type(name) is str]
        lists = models.has_any(f"{key}:")
        if not names or not lists or any(f"{key}:{name}" in models for name in names):
            continue
        code = own.get("code", {})
        brings = bool(facts.get(f"model.config.{code.get(key)}"))
        runs = brings and given.get(code["field"], False) is not False
        if runs and key == _TYPE:
            continue  # that code reads the config
        is_lacking = not _has_family(key, names, models) and not runs
        said = _said(engine, compiled, (key, names[0], fact), root)
        if brings and is_lacking and (fact not in facts or _asked_with(fact, models, facts)):
            said = _needs_code(engine, compiled, (key, names[0]), code["field"])
        yield said if is_lacking and _asked_with(fact, models, facts) else Dependence((fact,), said)
        return


def _asked_with(fact: str, models: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Whether the table was made with this version of the package: another one may have what it lacked.

    Where nothing says which one it is, with all that the release allows.
    """
    if fact in facts:
        return f"{fact}:{facts[fact]}" in models
    return any(entry.get(NEWEST) for name, entry in models.items() if name.startswith(f"{fact}:"))


def _has_family(key: str, names: list[str], models: Mapping[str, Any]) -> bool:
    """Whether the library, or the package, has other classes of such a model, which may do."""
    others = {name.partition(":")[2] for name in models if name.startswith(f"{key}{FAMILY}:")}
    return not others.isdisjoint(map(family, names))


def _said(engine: str, compiled: Compiled, what: tuple[str, str, str], root: Root | None) -> Violation:
    key, name, fact = what
    version = compiled.head["engine_version"]
    having = _having(engine, f"{key}:{name}", store.data_root(root))
    others = f"; {' and '.join(having)} {'have' if len(having) > 1 else 'has'} it" if having else ""
    text = f"{engine} {version} has nothing of its own for {name!r} ({key} of the model){others}"
    told = next((one.rpartition(":")[2] for one in compiled.models() if one.startswith(f"{fact}:")), None)
    others += f"; asked with {fact.rpartition('.')[2]} {told}" if told else ""
    fix = f"use {having[-1]}, or " if having else ""
    fix = f"{fix}install a version of {fact.rpartition('.')[2]} that has it itself"
    return Violation(remark_of(KIND, "error", text, fix, "none"), "", (), {})


def _needs_code(engine: str, compiled: Compiled, what: tuple[str, str], field: str) -> Violation:
    key, name = what
    text = (
        f"{engine} {compiled.head['engine_version']} does not know {name!r} ({key} of the model), and the model's own "
    )
    text += "code, which does, is not run unless asked for"
    fix = f"set {field} to true, if you trust that code"
    return Violation(remark_of(OWN_CODE, "error", text, fix, "none"), field, (field,), {field: False})


@functools.lru_cache(maxsize=64)
def _having(engine: str, entry: str, folder: str) -> list[str]:
    """The versions whose corpora are there and list it, oldest first: all of them are read for it."""
    every = [*store.versions(folder, engine), None]
    tables = [store.load(engine, version, folder) for version in every]
    having = {table.head["engine_version"] for table in tables if entry in table.models()}
    return sorted(
        having, key=lambda version: [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")]
    )
