from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from miners.discovery.deprecation import deprecation
from miners.discovery.docs import FieldDoc, field_docs


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("[DEPRECATED] Use `new_size` instead. It goes in 2.0.", "new_size"),
        ("(Deprecated) The size of a part.", None),
        ("Deprecated: it has no effect.", None),
        ("Deprecated alias for new_size.", "new_size"),
        ("deprecated, use `new_size` instead.", "new_size"),
        ("The size, for use with large parts. This parameter is deprecated and will be removed.", None),
        ("`size` is deprecated and has been replaced with `new_size`.", "new_size"),
        ("size has been replaced by new_size, and will be deprecated.", "new_size"),
        ("Use a full graph. Warning: This flag is deprecated. Please use new_size instead.", "new_size"),
    ],
)
def test_a_sentence_on_the_field_itself_deprecates_it(text: str, by: str | None) -> None:
    assert deprecation("size", FieldDoc(text)) == {"by": by, "note": text}


@pytest.mark.parametrize(
    "text",
    [
        "Whether to allow deprecated quantization methods.",
        "Enable deprecated metrics. If a deprecated metric has been hidden, it is shown again.",
        "Replaces old_size, which is deprecated.",
        "Deprecated methods are allowed where this is set.",
        "The size; `other.size` is deprecated.",
        'The "huge" size is deprecated and will be removed. Use "small" instead.',
    ],
)
def test_the_word_alone_deprecates_nothing(text: str) -> None:
    assert deprecation("size", FieldDoc(text)) is None


def test_a_declaration_deprecates_a_field_whatever_its_description_says() -> None:
    class Config(BaseModel):
        size: int = Field(1, description="The size.", deprecated="Use new_size instead.")
        depth: int = Field(1, deprecated=True)
        new_size: int = Field(1, description="The size.")

    docs = field_docs((), Config.model_fields)
    assert {name: deprecation(name, docs.get(name)) for name in Config.model_fields} == {
        "size": {"by": "new_size", "note": "Use new_size instead. The size."},
        "depth": {"by": None, "note": None},
        "new_size": None,
    }
