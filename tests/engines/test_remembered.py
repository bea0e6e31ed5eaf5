"""What is read once must answer as if it were read each time."""

from __future__ import annotations

import inspect
import logging
import sys
import warnings
from types import ModuleType
from typing import Any

import pytest

from pytest_llem_invariants.engines.remembered import (
    remember,
    remember_built,
    remember_function,
    remember_steady,
    remember_text,
    say_always,
    saying,
)


@pytest.fixture
def reader() -> Any:
    class Reader:
        reads = 0

        @classmethod
        def read(cls, path: str, **options: Any) -> dict[str, Any]:
            cls.reads += 1
            if options.get("mode") == "bad":
                raise ValueError("no such mode")
            if options.get("mode") == "old":
                warnings.warn("an old mode", DeprecationWarning, stacklevel=2)
            return {"path": path, "options": options, "layers": [1, 2]}

    remember(Reader, "read", lambda: ("ours",))
    return Reader


def test_our_folder_is_read_once_for_the_same_arguments_and_nobody_shares_an_answer(reader: Any) -> None:
    first = reader.read("ours", revision=None)
    first["layers"].append(3)
    assert reader.read("ours", revision=None)["layers"] == [1, 2]
    assert reader.reads == 1
    assert reader.read("ours", revision=True)["options"]["revision"] is True
    assert reader.read("ours", revision=1)["options"]["revision"] is not True
    assert reader.reads == 3


def test_other_folders_and_foreign_objects_are_read_each_time(reader: Any) -> None:
    for _ in range(2):
        reader.read("theirs")
        reader.read("ours", hook=print)
    assert reader.reads == 4


def test_what_raises_or_warns_does_so_each_time(reader: Any) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="no such mode"):
            reader.read("ours", mode="bad")
        with pytest.warns(DeprecationWarning, match="an old mode"):
            reader.read("ours", mode="old")


def test_a_warning_that_nobody_listened_to_the_first_time_is_not_lost(reader: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.read("ours", mode="old")
    with pytest.warns(DeprecationWarning, match="an old mode"):
        reader.read("ours", mode="old")


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module with a function that another module of its package bound at import."""
    module: Any = ModuleType("lib.reading")
    other: Any = ModuleType("lib.using")
    module.reads = 0
    module.once = set()

    def read(path: str, mode: str = "") -> dict[str, Any]:
        module.reads += 1
        if mode == "said" and "said" not in module.once:
            module.once.add("said")
            logging.getLogger("lib").warning("an odd mode")
        return {"path": path, "mode": mode, "layers": [1, 2]}

    module.read = other.read = read
    monkeypatch.setitem(sys.modules, "lib.reading", module)
    monkeypatch.setitem(sys.modules, "lib.using", other)
    remember_function(module, "read", lambda: ("ours",), module.once.clear)
    return module, other


def test_a_function_is_remembered_wherever_it_is_bound(library: Any) -> None:
    module, other = library
    assert other.read is module.read
    other.read("ours")["layers"].append(3)
    assert module.read("ours")["layers"] == [1, 2]
    assert module.reads == 1
    assert inspect.unwrap(module.read).__code__.co_firstlineno != module.read.__code__.co_firstlineno


def test_what_is_announced_once_is_silent_for_that_reason_and_read_again(
    library: Any, caplog: pytest.LogCaptureFixture
) -> None:
    module, _ = library
    module.once.add("said")
    for expected in (1, 2):
        module.read("ours", "said")
        assert len(caplog.records) == expected
        module.once.clear()
    assert module.reads == 2


def test_a_function_that_a_version_lacks_is_left_alone(library: Any) -> None:
    module, _ = library
    remember_function(module, "write", lambda: ("ours",), module.once.clear)
    assert not hasattr(module, "write")


def test_the_first_argument_may_be_given_by_its_name(library: Any) -> None:
    module, other = library
    assert other.read(path="ours", mode="x") == module.read(path="ours", mode="x")
    assert module.reads == 1


def test_what_speaks_of_the_machine_is_asked_once_and_forgotten_with_all_that_was_computed(library: Any) -> None:
    module, other = library
    asked: list[str] = []
    module.memory = other.memory = lambda node=0: asked.append(node) or 64
    remember_steady("lib.reading:memory")
    assert [module.memory(), other.memory(), other.memory(1)] == [64, 64, 64]
    assert asked == [0, 1]
    other.memory.cache_clear()
    assert other.memory() == 64
    assert asked == [0, 1, 0]
    remember_steady("lib.reading:of_a_later_version")
    remember_steady("lib.of_a_later_version:memory")


def test_what_is_said_of_a_machine_is_the_same_on_all(library: Any) -> None:
    module, other = library
    module.can_do_it = other.can_do_it = lambda node=0: node == 0
    say_always("lib.reading:can_do_it", False)
    assert module.can_do_it() is False
    assert other.can_do_it(node=0) is False
    say_always("lib.reading:of_a_later_version", False)
    say_always("lib.of_a_later_version:can_do_it", False)
    assert not hasattr(module, "of_a_later_version")


def test_another_machine_says_something_else_for_the_block_alone(library: Any) -> None:
    module, other = library
    module.can_do_it = other.can_do_it = lambda node=0: node == 0
    module.HAS_IT = False
    said = {"lib.reading:can_do_it": 7, "lib.reading:HAS_IT": True, "lib.reading:of_a_later_version": 1}
    with saying(said):
        assert (module.can_do_it(node=3), module.HAS_IT, other.can_do_it()) == (7, True, True)
        assert not hasattr(module, "of_a_later_version")
    assert (module.can_do_it(), module.HAS_IT) == (True, False)


def test_a_function_of_another_package_is_asked_once_as_one_module_calls_it(library: Any) -> None:
    module, other = library
    asked: list[str] = []
    module.files = other.files = ModuleType("files")
    module.files.find = lambda pattern: asked.append(pattern) or [pattern]
    module.files.count = len
    remember_steady("lib.reading:files.find")
    assert [module.files.find("a"), module.files.find("a"), module.files.find("b")] == [["a"], ["a"], ["b"]]
    assert module.files.count("abc") == 3
    assert asked == ["a", "b"]
    other.files.find("a")
    assert asked == ["a", "b", "a"], "who else calls it is told what it finds now"
    remember_steady("lib.reading:files.of_a_later_version")
    remember_steady("lib.reading:of_a_later_version.find")


def test_the_text_of_an_object_is_made_once_of_each_state(library: Any) -> None:
    module, _ = library
    told: list[int] = []

    class Config:
        def __init__(self, size: Any) -> None:
            self.size = size

        def __repr__(self) -> str:
            told.append(self.size)
            return f"Config({self.size})"

    class Wider(Config):
        pass

    module.Config = Config
    remember_text("lib.reading:Config")
    one, other = Config(1), Config(1)
    assert [repr(one), repr(other), repr(Config(2)), repr(Wider(1))] == [
        "Config(1)",
        "Config(1)",
        "Config(2)",
        "Config(1)",
    ]
    assert told == [1, 2, 1]
    other.size = 3
    assert (repr(other), repr(one)) == ("Config(3)", "Config(1)")


def test_the_text_of_what_cannot_be_told_apart_is_made_each_time(library: Any) -> None:
    module, _ = library

    class Config:
        def __init__(self) -> None:
            self.texts = iter("ab")
            self.check = lambda: self

        def __repr__(self) -> str:
            return next(self.texts)

    module.Config = Config
    remember_text("lib.reading:Config")
    one = Config()
    assert [repr(one), repr(one)] == ["a", "b"]
    remember_text("lib.reading:OfALaterVersion")
    remember_text("lib.of_a_later_version:Config")


@pytest.fixture
def building(library: Any) -> Any:
    """A class whose objects take long to build, and the state of the process that they depend on."""
    module, _ = library
    module.built = []
    module.state = {"platform": "cpu"}
    module.sees = lambda: False

    class Config:
        def __init__(self, model: str, mode: str = "", hook: Any = None) -> None:
            module.built.append(model)
            self.model, self.mode = model, mode
            self.layers = self.all_layers = [module.state["platform"]]
            self.seen = module.sees()
            if mode == "bad":
                raise ValueError("no such mode")
            if mode == "leaves":
                module.state["left"] = len(module.built)
            if mode == "said":
                logging.getLogger("lib").warning("an odd mode")
            logging.getLogger("lib").info("built")

    module.Config = Config
    remember_built("lib.reading:Config", lambda: tuple(module.state.items()), module.once.clear)
    return module


def test_what_is_built_again_and_again_is_built_twice_and_nobody_shares_it(building: Any) -> None:
    configs = [building.Config("ours", mode="x") for _ in range(4)]
    assert building.built == ["ours", "ours"]
    configs[0].layers.append(1)
    configs[2].layers.append(2)
    assert [config.layers for config in configs[1:]] == [["cpu"], ["cpu", 2], ["cpu"]]
    assert all(config.layers is config.all_layers for config in configs), "what was one object still is"
    assert list(inspect.signature(building.Config).parameters) == ["model", "mode", "hook"]


def test_what_is_built_of_other_arguments_or_in_another_state_is_another(building: Any) -> None:
    for platform in ("cpu", "cuda", "cpu"):
        building.state["platform"] = platform
        assert [building.Config("ours", hook=hook).layers for hook in (None, None, 1, True)] == [[platform]] * 4
    again = len([1, True])
    assert len(building.built) == 4 + 4 + again, "back in the first state what was built twice there is known"


def test_what_is_built_where_a_package_is_pretended_is_another(building: Any) -> None:
    for said in ({}, {"lib.reading:sees": True}, {}):
        with saying(said):
            assert [building.Config("ours").seen for _ in range(3)] == [bool(said)] * 3


@pytest.mark.parametrize("arguments", [{"mode": "said"}, {"mode": "leaves"}, {"hook": print}])
def test_what_speaks_or_leaves_something_behind_or_is_given_a_foreign_object_is_built_each_time(
    building: Any, arguments: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for count in range(1, 5):
        building.Config("ours", **arguments)
        assert len(building.built) == count
        assert len(caplog.records) == (count if "said" in arguments.values() else 0)


def test_what_cannot_be_built_raises_each_time(building: Any) -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="no such mode"):
            building.Config("ours", mode="bad")


def test_a_class_that_a_version_lacks_is_left_alone() -> None:
    remember_built("lib.of_a_later_version:Config", tuple, list)
