"""What an agent may ask: about a text, a rule or a field, two versions. No file is read that a text names."""

from __future__ import annotations

import argparse
import json
import tempfile
from typing import Any

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.errors import LlemError

_LONGEST_WORD = 500
_LONGEST_ANSWER = 60_000
_MOST_RULES = 50


class Agents:
    """Answers from the corpora under a root, the packaged ones if it is None. LlemError where there is no answer."""

    def __init__(self, root: str | None = None) -> None:
        self._root = root

    def check(
        self,
        text: str,
        kind: str = "",
        engine: str = "",
        version: str = "",
        gpu: str = "",
        config_json: str = "",
        served: str = "",
    ) -> dict[str, Any]:
        """Would the engine accept this config? Each finding has its line, the library's message and the fix.

        text: a command line or script, a YAML or JSON config, a request body, a Kubernetes manifest, a compose file, a
        Dockerfile, Markdown or Python.
        kind: sh, yaml, json, py, dockerfile or md (guessed if empty). version: of the engine. gpu: such as H100:8.
        config_json: the text of the model's config.json. served: for a request, the command line or YAML of its server.
        What is not given stays unknown, and `depends` says what it would decide.
        """
        from pytest_llem_invariants.cli.asking import answer

        _short(kind=kind, engine=engine, version=version, gpu=gpu)
        known = store.engines(store.data_root(self._root))
        if engine and engine not in known:
            raise LlemError(f"no engine {engine!r} — known are {', '.join(known)}")
        question = {
            "text": text,
            "kind": kind,
            "engine": engine,
            "version": version,
            "gpu": gpu,
            "model": config_json,
            "served": served,
        }
        # The texts are kept where the check finds files: in a folder of its own, which goes with the answer.
        with tempfile.TemporaryDirectory(prefix="llem-asked-") as folder:
            told: dict[str, Any] = json.loads(answer(json.dumps(question), folder, self._root))
        if "error" in told:
            raise LlemError(told["error"])
        told.pop("json")
        return told

    def explain(self, what: str, engine: str = "", version: str = "") -> dict[str, Any]:
        """Everything known about a rule (its id, as `check` tells it), or the rules of a field (max_model_len)."""
        from pytest_llem_invariants.cli.explain import explained

        _short(what=what, engine=engine, version=version)
        options = self._options(engine=engine or None, engine_version=version or None, corpus=None, rule=what)
        rules = [(one, rule) for one in self._checkers(engine, version) for rule in one.rules]
        if any(rule["id"] == what for _, rule in rules):
            rule, rows = explained(options)
            return {"rule": rule["id"], "summary": rule["summary"], **dict(rows)}
        field = what.lstrip("-").replace("-", "_")
        found = [(one, rule) for one, rule in rules if field in rule["fields"]]
        if not found:
            explained(options)  # tells that there is no such rule, and which are like it
        return {
            "field": field,
            "rules": [
                {
                    "rule": rule["id"],
                    "engine": f"{one.engine} {one.version}",
                    "class": rule["type"],
                    "severity": rule["severity"],
                    "summary": rule["summary"],
                    "fix": rule["suggestion"],
                }
                for one, rule in found[:_MOST_RULES]
            ],
            "more": max(len(found) - _MOST_RULES, 0),
        }

    def diff(self, engine: str, old: str, new: str) -> str:
        """What changed between two versions of an engine: fields, defaults, what is stricter or looser. Markdown."""
        from miners.causes.diff_report import markdown
        from pytest_llem_invariants.cli.diff import between

        _short(engine=engine, old=old, new=new)
        told = markdown(between(self._options(engine=engine, old=old, new=new))[2])
        return (
            told if len(told) <= _LONGEST_ANSWER else f"{told[:_LONGEST_ANSWER]}\n\n… and more: `llem-invariants diff`"
        )

    def _options(self, **given: Any) -> argparse.Namespace:
        return argparse.Namespace(root=self._root, **given)

    def _checkers(self, engine: str, version: str) -> list[Checker]:
        names = [engine] if engine else store.engines(store.data_root(self._root))
        return [Checker.load(name, version=version or None, root=self._root) for name in names]


def _short(**words: str) -> None:
    for name, word in words.items():
        if len(word) > _LONGEST_WORD or not word.isprintable():
            raise LlemError(f"{name} is a word of at most {_LONGEST_WORD} printable characters")
