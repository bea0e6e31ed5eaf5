"""The pages: well-formed, escaped, linked, the same each time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.cli import main
from pytest_llem_invariants.site.building import files
from pytest_llem_invariants.site.library import Entries, Library
from pytest_llem_invariants.site.markup import slug, tag, text
from tests.site.conftest import EVIL

VOID = {"meta", "link", "input", "br", "wbr", "img", "hr"}


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed in its turn, and ids are unique."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.scripts: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.names.add(tag)
        self.attributes.update(known)
        self.links += [value for key, value in attrs if key in ("href", "src") and value is not None]
        self.ids += [value for key, value in attrs if key == "id" and value is not None]
        if tag == "script":
            self.scripts.append(known.get("src") or "inline")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def built(library: Library) -> Mapping[str, bytes]:
    found = list(files(library))
    assert len({name for name, _ in found}) == len(found)
    return dict(found)


@pytest.fixture(scope="module")
def readers(built: Mapping[str, bytes]) -> Mapping[str, Reader]:
    return {name: read(data.decode("utf-8")) for name, data in built.items() if name.endswith(".html")}


def test_nothing_of_a_hostile_corpus_becomes_markup(readers: Mapping[str, Reader]) -> None:
    assert any("<script>alert(1)</script>" in "".join(reader.words) for reader in readers.values())
    for name, reader in readers.items():
        assert "img" not in reader.names, name
        assert not [one for one in reader.attributes if one.startswith("on") or one == "style"], name
        assert all(script.endswith(".js") and "assets/" in script for script in reader.scripts), name
        assert len(reader.ids) == len(set(reader.ids)), name


def test_no_text_turns_the_direction_of_a_page(built: Mapping[str, bytes]) -> None:
    assert "\u202e" in EVIL
    assert not [name for name, data in built.items() if name.endswith(".html") and "\u202e" in data.decode()]


def test_every_link_leads_somewhere_on_the_site(built: Mapping[str, bytes], readers: Mapping[str, Reader]) -> None:
    for name, reader in readers.items():
        for link in reader.links:
            if name.startswith("docs/") and link.startswith("https://"):
                continue  # what somebody may read elsewhere, and follows by a click
            assert not re.match(r"[a-z]+:|/", link), f"{name}: {link} leads off the site"
            place, _, anchor = link.partition("#")
            target = resolved(name, unquote(place)) if place else name
            assert target in built, f"{name}: {link}"
            if anchor and target.endswith(".html"):
                assert anchor in readers[target].ids, f"{name}: {link}"


def resolved(page: str, link: str) -> str:
    parts = list(PurePosixPath(page).parent.parts)
    for step in link.split("/"):
        if step == "..":
            parts.pop()
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)


def test_every_page_forbids_what_is_inline_and_what_is_elsewhere(built: Mapping[str, bytes]) -> None:
    for name, data in built.items():
        if name.endswith(".html"):
            (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', data.decode())
            assert policy.startswith("default-src &#x27;none&#x27;;"), name
            assert "unsafe-inline" not in policy, name
            assert "http" not in policy, name


def test_two_builds_are_the_same_to_the_byte(library: Library, built: Mapping[str, bytes]) -> None:
    assert dict(files(library)) == built


def test_the_search_knows_every_rule_and_the_versions_that_have_it(
    built: Mapping[str, bytes], library: Library
) -> None:
    data = json.loads(built["data/rules.json"])
    assert {rule[5] for rule in data["rules"]} == set(library.engines[0].shown)
    versions = {rule[5]: rule[4] for rule in data["rules"]}
    assert data["lists"]["versions"] == ["demo 1.0", "demo 2.0"]
    assert (versions["n_high"], versions["cold"], versions["temperature_below_0"]) == (0b01, 0b10, 0b11)


def test_a_rule_has_its_two_examples_and_its_proof(readers: Mapping[str, Reader]) -> None:
    said = "\n".join(readers["rules/demo/temperature_below_0.html"].words)
    assert "{temperature: -1}" in said
    assert "{temperature: 1}" in said
    assert "full: replayed against demo 2.0" in said
    assert "2026-01-01T00:00:00Z" in said


def test_a_site_replaces_a_site_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.checker.demo import install

    root, out = install(tmp_path / "root"), tmp_path / "out"
    words = ["site", "--root", str(root), "--pyodide", "none", "--out", str(out)]
    assert main(words) == 0
    (out / "left.html").write_text("of an earlier site")
    assert main(words) == 0
    assert not (out / "left.html").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    assert main([*words[:-1], str(other)]) == 2
    assert "no site of ours" in capsys.readouterr().err
    assert (other / "mine.txt").read_text() == "mine"


@given(st.text())
def test_any_text_comes_out_as_it_went_in_or_as_what_says_that_it_cannot(value: str) -> None:
    reader = read(tag("p", value, title=value))
    assert reader.names == {"p"}
    assert reader.attributes <= {"title"}
    assert "<" not in text(value)


@given(st.text(), st.text())
def test_two_names_never_share_a_file(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) is (one == other) or "~" in one + other
    assert re.fullmatch(r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*", slug(one))


def test_entries_that_are_written_otherwise_are_left_out() -> None:
    assert dict(Entries("- {id: a}\n")) == {}
    assert dict(Entries("x:\n  - id: a\n    kwargs_positive:\n      n: 1\n    note: b\n")) == {
        "a": {"kwargs_positive": "n: 1", "note": "b"}
    }
