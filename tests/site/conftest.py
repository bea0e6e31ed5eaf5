from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_llem_invariants.checker.releases import FILE as RELEASES
from pytest_llem_invariants.corpus.files import render_proposed, render_validated
from pytest_llem_invariants.site.library import Library, read_library
from tests.checker.demo import RULES, SCHEMA, corpus_of, evidence, install, rule

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)> &lt; \u202e</title>]]> {{7*7}} \x7f"
"""What nobody would write but somebody who wants to run something."""


def hostile(root: Path) -> Path:
    """The demo engine, with markup wherever a corpus may have text."""
    install(root)
    folder = root / "corpora" / "demo"
    evil = rule("evil", {"n": {"==": EVIL}}, template=EVIL, guard=f"{EVIL}.py:7")
    corpus = corpus_of((*RULES, evil))
    (folder / "invariants.proposed.yaml").write_text(render_proposed(corpus))
    (folder / "invariants.validated.yaml").write_text(render_validated(evidence(corpus)))
    schema = json.loads(json.dumps(SCHEMA))
    schema["sampling_params"]["demo.Sampling"]["n"] |= {
        "description": EVIL,
        "type": EVIL,
        "default": EVIL,
        "enum": [EVIL],
    }
    schema["sampling_params"]["demo.Sampling"]["../../" + EVIL] = schema["sampling_params"]["demo.Sampling"]["n"]
    (folder / "schema.discovered.json").write_text(json.dumps(schema))
    effects = [
        {"at": f"{EVIL}.py:3", "method": EVIL, "kind": "raise", "native_types": [], "reason": "opaque", "detail": EVIL},
        {"at": "demo/a.py:4", "method": "Sampling.check", "kind": "raise", "native_types": [], "rules": ["evil"]},
    ]
    ledger = {"schema_version": "1.0.0", "engine": "demo", "engine_version": "2.0", "effects": effects}
    (folder / "ledger.json").write_text(json.dumps(ledger))
    gone = [{"names": [EVIL], "use": [EVIL], "out": EVIL}]
    releases = {"format": 1, "engine": "demo", "releases": ["1.0", "2.0"], "gone": gone, "reads": {}}
    names = {"config": {"Sampling.n": [["1.0", "2.0", EVIL, EVIL, EVIL]]}}
    (folder / RELEASES).write_text(json.dumps({**releases, "names": names}))
    return root


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return read_library(str(hostile(tmp_path_factory.mktemp("hostile"))))
