"""The documentation holds together: every page can be reached, and no link leads nowhere."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from pytest_llem_invariants.cli.formats import FORMATS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_names_every_page() -> None:
    named = {(DOCS / link).resolve() for link in _LINK.findall((DOCS / "index.md").read_text(encoding="utf-8"))}
    missing = [
        page
        for page in DOCS.rglob("*.md")
        if page.name != "index.md" and page.resolve() not in named and page.parent.resolve() not in named
    ]
    assert missing == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_recipe_for_an_output_format_shows_what_each_has(name: str) -> None:
    render = import_module(f"pytest_llem_invariants.cli.formats.{name}").render
    recipe = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"`render({', '.join(inspect.signature(render).parameters)}) -> str`" in recipe
