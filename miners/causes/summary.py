"""The causes of one run, joined with what is kept of its two versions."""

from __future__ import annotations

from pathlib import Path

from miners.causes.between import Between
from miners.causes.clusters import RootCause, root_causes
from miners.causes.releases import Releases
from miners.causes.telling import headline, told
from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.layout import SCHEMA
from pytest_llem_invariants.corpus.schema_layout import Schema, read_schema
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.runs.digest import RunDigest
from pytest_llem_invariants.ssot import data_root


def causes_of(digest: RunDigest) -> tuple[RootCause, ...]:
    """The causes of a run; without the schemas of its versions, what the library said tells them alone."""
    old = _schema_beside(Path(digest.corpus)) or _schema_of(digest, digest.corpus_version)
    return root_causes(digest, Between(old, _schema_of(digest, digest.version)))


def releases_of(digest: RunDigest) -> Releases:
    return Releases.read(_root(digest) / "corpora" / digest.engine)


def summary(digest: RunDigest, kept: Path | None) -> list[str]:
    """What the end of a red run says of its causes; nothing where none of them explains more than one rule.

    `kept` is where its digest is.
    """
    causes = causes_of(digest)
    if all(len(cause.rules) < 2 for cause in causes):
        return []
    return [headline(causes, digest), *told(causes, digest, releases_of(digest), kept, most=5)]


def _root(digest: RunDigest) -> Path:
    return data_root(Path(digest.corpus).parent)


def _schema_of(digest: RunDigest, version: str) -> Schema | None:
    try:
        return _schema_beside(Path(store.folder_of(str(_root(digest)), digest.engine, version)) / SCHEMA)
    except LlemError:
        return None


def _schema_beside(path: Path) -> Schema | None:
    """The schema in the folder of a corpus file; None where there is none that can be read."""
    schema = path.parent / SCHEMA
    try:
        return read_schema(schema) if schema.exists() else None
    except LlemError:
        return None
