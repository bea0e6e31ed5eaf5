"""The documentation as pages: everything in it is set, nothing of it runs, and its sections are found."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.site import documents
from pytest_llem_invariants.site.documents import document
from tests.site.test_pages import read


@pytest.fixture(autouse=True, scope="module")
def markdown_it() -> None:
    pytest.importorskip("markdown_it", reason="the extra `site` is not installed")


def test_every_page_of_the_documentation_is_set_and_leads_back_to_its_start() -> None:
    found = {place: make() for place, make in documents.pages()}
    assert {"docs/index.html", "docs/reference/cli.html", "docs/explanation/design.html"} <= set(found)
    assert not [place for place in found if "reference/engines" in place]
    for place, page in found.items():
        assert read(page.body).names >= {"h1"}, place
        assert "docs/" in dict(page.crumbs) or place == "docs/index.html"


def test_a_link_leads_to_the_page_another_site_or_what_the_site_itself_shows() -> None:
    text = """# T
[a](../reference/cli.md#text) [b](https://example.org/x) [c](#t) [d](../reference/engines/) [e](../../action.yml)
"""
    links = read(document("how-to/x.md", text).body).links
    assert links == ["../reference/cli.html#text", "https://example.org/x", "#t", "../../rules/index.html"]


def test_headings_are_anchors_and_what_stands_below_is_their_section() -> None:
    found = document("x.md", "# T\n\nfirst\n\n## `a.b` and c\n\n- one\n- two\n\n```sh\nrun it\n```\n\n## `a.b` and c\n")
    assert [(one.anchor, one.heading, one.text) for one in found.sections] == [
        ("", "T", "first"),
        ("ab-and-c", "a.b and c", "one two run it"),
        ("ab-and-c-1", "a.b and c", ""),
    ]
    assert read(found.body).ids == ["t", "ab-and-c", "ab-and-c-1"]


def test_what_nobody_sets_is_said_and_not_left_out() -> None:
    with pytest.raises(ValueError, match=r"docs/x.md: nothing here sets a image"):
        document("x.md", "# T\n![a picture](b.png)\n")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<a href='javascript:1'>",
        "[x]( data:text/html,1 )",
        "`<img>`",
    ],
)
def test_nothing_of_a_text_runs(text: str) -> None:
    page = read(document("x.md", f"# T\n{text}\n\n{text}\n").body)
    assert not page.names & {"script", "img"}
    assert page.links == []


@given(st.text())
def test_any_text_becomes_a_page_that_is_well_formed(text: str) -> None:
    if "![" not in text:
        read(document("x.md", text).body)


def test_without_the_extra_the_text_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    found = document("x.md", "# T\n<b>\n")
    assert "pip install" in found.body
    assert "# T\n&lt;b&gt;" in found.body
    assert found.sections[0].text == "# T\n<b>\n"
