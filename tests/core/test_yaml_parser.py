"""Where PyYAML has no libyaml, its own parser reads the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text import yaml_reader
from pytest_llem_invariants.text.yaml_parser import CParser, PurePython

ROOT = Path(__file__).parents[2]
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab: -#'\"\n", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
)


def both(text: str) -> list[Any]:
    found: list[Any] = []
    for parser in (CParser, PurePython):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml_reader, "CParser", parser)
            try:
                found.append(yaml_reader.load_yaml(text).data)
            except CorpusError as error:
                found.append(type(error))
    return found


@given(_values, st.booleans())
def test_what_a_dumper_writes_reads_the_same(value: Any, is_flow: bool) -> None:
    one, other = both(yaml.safe_dump(value, default_flow_style=is_flow))
    assert repr(one) == repr(other)


@pytest.mark.parametrize(
    "text", ["", "a: [", "a: &x 1\nb: *x", "a: b: c", "- 1\n-2", "a: !x 1", "a: 1\n---\nb: 2", "\x00"]
)
def test_what_is_no_config_is_refused_by_both(text: str) -> None:
    one, other = both(text)
    assert repr(one) == repr(other)


def test_a_file_of_an_engine_reads_the_same() -> None:
    text = (ROOT / "engine_versions" / "transformers.yaml").read_text()
    one, other = both(text)
    assert one == other
