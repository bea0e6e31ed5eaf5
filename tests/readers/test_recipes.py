"""Recipes of make and just, and units of systemd."""

from __future__ import annotations

import pytest

from tests.readers.conftest import Look, line

MAKE = """\
MODEL ?= some/model
OPTIONS := --max-model-len 8192 \\
\t--json '{"a b": 1}'  # of the server
OPTIONS += --seed 1
TP = $(shell nproc)
export VLLM_A = 1
ifdef FAST
DTYPE = half
endif
two: PORT = 2

serve: build  ## vllm serve of a page
\t@CUDA_VISIBLE_DEVICES=0 vllm serve $(MODEL) ${OPTIONS} \\
\t\t--tensor-parallel-size $(TP) --dtype $(DTYPE) --port $(PORT) --name $$NAME > $@.log
"""


def test_a_recipe_is_read_with_the_variables_of_its_makefile(look: Look) -> None:
    (found,) = look("Makefile", MAKE)
    said = line(found).replace("…", "")
    assert said.startswith('vllm serve some/model --max-model-len 8192 --json {"a b": 1} --seed 1')
    assert said.endswith(" --tensor-parallel-size <> --dtype <> --port <> --name <$NAME>")
    assert found.beside.env == {"VLLM_A": "1", "CUDA_VISIBLE_DEVICES": "0"}
    places = {str(word): word.place for word in found.words}
    assert places["some/model"] == (13, 37)  # where it is put in: whoever changes the variable changes others
    assert places["--tensor-parallel-size"] == (14, 3)


@pytest.mark.parametrize("name", ["Makefile", "deploy/GNUmakefile", "serve.mk", "makefile.local"])
def test_files_of_make_are_known_by_their_names(look: Look, name: str) -> None:
    assert len(look(name, "all:\n\tvllm serve m --port 1\n")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "A = $(A)x\nall:\n\tvllm serve $(A) --port 1\n",
        "A = $(A)$(A)\nall:\n\tvllm serve $(A) --port 1\n",
        "define vllm\n\tvllm serve m --port 1\nall:\n",
        "all:\n\tvllm serve $(foreach x,$(y\n",
        "all: ; vllm serve m --port 1\n",
    ],
)
def test_what_holds_itself_or_has_no_end_does_no_harm(look: Look, text: str) -> None:
    for found in look("Makefile", text):
        assert "A" not in line(found)


JUST = """\
model := "some/model"
tp := env_var_or_default("TP", "2")
now := `date`
export VLLM_A := "1"

# vllm serve
serve port="8000" *args:
    @vllm serve {{model}} -tp {{ tp }} --port {{port}} --name {{now}} --seed {{ uppercase(model) }} \\
        {{args}} --max-model-len 8192

script:
    #!/usr/bin/env bash
    LEN=4096
    vllm serve other --max-model-len $LEN
"""


def test_recipes_of_a_justfile(look: Look) -> None:
    first, second = look("justfile", JUST)
    assert line(first).replace("…", "") == (
        "vllm serve some/model -tp 2 --port 8000 --name <> --seed <> <> --max-model-len 8192"
    )
    assert first.words[-2].place == (9, 18)
    assert line(second) == "vllm serve other --max-model-len 4096"
    assert (first.beside.env, second.words[-2].place) == ({"VLLM_A": "1"}, (14, 22))


UNIT = """\
[Service]
Environment=VLLM_A=1 "NAME=a b"
Environment=TP=2
ExecStartPre=-/usr/bin/docker rm vllm
ExecStart=
ExecStart=-/opt/bin/vllm serve some/model \\
# between
    --tensor-parallel-size ${TP} --port %i \\
    --dtype half
"""


def test_what_a_unit_starts(look: Look) -> None:
    (found,) = look("vllm.service", UNIT)
    assert line(found).replace("…", "") == "vllm serve some/model --tensor-parallel-size 2 --port <> --dtype half"
    assert found.beside.env == {"VLLM_A": "1", "NAME": "a b", "TP": "2"}
    assert (found.beside.places["VLLM_A"], found.words[-2].place) == ((2, 13), (9, 5))


def test_what_a_unit_of_podman_gives_to_its_image(look: Look) -> None:
    text = """\
    [Container]
    Image=docker.io/vllm/vllm-openai:v0.11.0
    Exec=--model some/model \\
      --max-model-len 8192
    """
    (found,) = look("vllm.container", text)
    assert line(found) == "vllm serve --model some/model --max-model-len 8192"
    assert (found.beside.version, found.words[-2].place) == ("0.11.0", (4, 3))
