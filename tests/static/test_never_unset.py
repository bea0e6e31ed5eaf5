"""Where something always stands, "other than x" is one case: the default is stated with it."""

from __future__ import annotations

from pydantic import BaseModel, model_validator

from miners.static import mine_class
from miners.static.reader import ImportedReader
from miners.surface import class_facts
from pytest_llem_invariants.model import Clause


class Settings(BaseModel):
    backend: str = "torch"
    name: str | None = "x"
    size: int | None = None

    @model_validator(mode="after")
    def check(self) -> Settings:
        if self.backend != "proton" and self.size is not None:
            raise ValueError("size is for proton")
        if self.name != "y" and self.size == 3:
            raise ValueError("three is for y")
        return self


def test_a_field_that_is_never_unset_gives_no_case_for_being_so() -> None:
    facts = class_facts(Settings, "Settings")
    first, second = mine_class(facts, {"Settings": facts}, ImportedReader("tests"), engine="toy")
    (alone,) = first.candidates
    assert alone.fields == {"backend": (Clause("!=", "proton"),), "size": (Clause("present", True),)}
    assert alone.defaults == {"backend": "torch"}
    assert [one.fields["name"] for one in second.candidates] == [(Clause("!=", "y"),), (Clause("absent", True),)]
