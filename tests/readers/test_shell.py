"""Scripts, pages, programs, notebooks and images."""

from __future__ import annotations

import json

import pytest

from pytest_llem_invariants.readers.found import UnknownValue
from tests.readers.conftest import Look, line


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("vllm serve m --a 1 \\\n  --b 2 > log 2>&1 &", "vllm serve m --a 1 --b 2"),
        ('M=some/model\nvllm serve $M --a "${M}-x"', "vllm serve some/model --a some/model-x"),
        ("vllm serve $M", "vllm serve <$M> "),
        ("M=${M:-default}\nvllm serve $M", "vllm serve default"),
        ("if x; then M=a; else M=b; fi\nvllm serve m --a $M --z", "vllm serve m --a <a> <b> --z"),
        ('A=(--a 1)\nA+=(--b)\nvllm serve m "${A[@]}"', "vllm serve m --a 1 --b"),
        ('A=(\n --a 1\n)\nif x; then A+=(--b); fi\nvllm serve m "${A[@]}"', "vllm serve m --a 1 <--b>"),
        ('A="--a 1"\nif x; then\nA="$A --b"\nA="${A} --c"\nfi\nvllm serve m $A', "vllm serve m --a 1 <--b> <--c>"),
        ('if x; then A="$A --b"; fi\nvllm serve m $A', "vllm serve m <$A> <--b>"),
        ("CUDA_VISIBLE_DEVICES=0 nohup vllm serve m --a 1", "vllm serve m --a 1"),
        ("docker run --gpus 2 -e X=1 vllm/vllm-openai:v0.11.0 --model m", "vllm serve --model m"),
        ("docker run --entrypoint bash vllm/vllm-openai:v0.11.0 -c 'vllm serve m --a'", "vllm serve m --a"),
        ('docker exec c bash -c "vllm serve m"', "vllm serve m"),
        ('ssh host "cd x && vllm serve m" ; mpirun -n 1 vllm serve m --a', "vllm serve m"),
        ("mpirun -n 1 vllm serve m --a", "vllm serve m --a"),
        ("`command -v vllm` serve m --a", "vllm serve m --a"),
        ("torchrun --nproc-per-node 2 $(which vllm) serve m --a", "vllm serve m --a"),
        ('eval "vllm serve m --n "{{ .N }}" --a "', "vllm serve m --n <……………………> --a"),
        ("A='--a $X --b'\nvllm serve m $A", "vllm serve m --a $X --b"),
        ('A="--a $X --b"\nvllm serve m $A', "vllm serve m <--a> <$X> <--b>"),
        ('A=""\nif x; then A+=" --b"; fi\nC="vllm serve m --a $A"\neval "$C"', "vllm serve m --a <$A>"),
        ("export N=<1_OR_2>\nvllm serve m --n $N", "vllm serve m --n <……………………>"),
        ('eval "exec vllm serve m \\\n  --a 1"', "vllm serve m --a 1"),
        (
            'vllm serve m --json \'{"a": 1}\' --b "{\\"c\\": \\"$X\\"}"',
            'vllm serve m --json {"a": 1} --b <{"c": "$X"}>',
        ),
    ],
)
def test_a_command_in_a_script(look: Look, script: str, told: str) -> None:
    found = look("run.sh", script)
    if told.endswith("> "):
        assert found == []  # nothing of it is known
        return
    assert line(found[0]) == told


@pytest.mark.parametrize(
    "script",
    [
        "echo vllm serve m",
        "# vllm serve m",
        "pkill -f 'vllm serve'",
        "pip install vllm",
        "[12:01] INFO x.py:12: Started server with command: vllm serve m --json {a: 1}",
        "cat <<EOF\nvllm serve m\nEOF\n",
    ],
)
def test_what_is_no_command(look: Look, script: str) -> None:
    assert look("run.sh", script) == []


def test_the_facts_of_a_container_that_a_script_starts(look: Look) -> None:
    (found,) = look("run.sh", "docker run --gpus 2 -e X=1 -e Y=$Z vllm/vllm-openai:v0.11.0-x --model m\n")
    assert (found.beside.version, found.beside.gpus, dict(found.beside.env)) == ("0.11.0", 2, {"X": "1"})
    assert found.beside.unknown_env == {"Y"}


def test_the_blocks_of_a_page(look: Look) -> None:
    text = """\
    # Title: vllm serve x
    1. Start it:
       ```console
       $ vllm serve m --a 1
       ```
    ```{code-block} bash
    :substitutions:
    vllm serve n --tp <NUMBER>
    ```
    ```python
    from vllm import LLM
    llm = LLM("m", seed=1)
    ```
    ```json
    {"a": "vllm serve x"}
    ```
    """
    first, second, third = look("README.md", text)
    assert (line(first), first.place) == ("vllm serve m --a 1", (4, 6))
    assert line(second).startswith("vllm serve n --tp <")
    assert (dict(third.data), third.place) == ({"model": "m", "seed": 1}, (12, 7))


PROGRAM = """\
import subprocess, sys
from vllm import LLM, SamplingParams as SP
import vllm
LIMIT = 128
TWICE = 1
TWICE = 2
OPTIONS = {"dtype": "half"}

def start(model, *more):
    \"\"\"vllm serve is --documented here\"\"\"
    subprocess.Popen([sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--seed", "1"])
    return LLM(model=model, max_model_len=LIMIT, seed=TWICE, **OPTIONS)

p = SP(temperature=-1, stop=["a"])
q = vllm.LLM("m", **unknown)
other.LLM(x=1)
"""


def test_calls_and_word_lists_of_a_program(look: Look) -> None:
    command, model, sampling, second = look("start.py", PROGRAM)
    assert line(command) == "python -m vllm.entrypoints.openai.api_server --model <…> --seed 1"
    assert command.words[3].place[0] == 11
    assert model.data["max_model_len"] == 128
    assert isinstance(model.data["model"], UnknownValue)
    assert isinstance(model.data["seed"], UnknownValue)
    assert model.data["dtype"] == "half"
    assert model.place_of is not None
    assert model.place_of(("max_model_len",)) == (12, 29)
    assert dict(sampling.data) == {"temperature": -1, "stop": ["a"]}
    assert isinstance(second.data["**"], UnknownValue)


def test_mappings_that_a_program_puts_together(look: Look) -> None:
    text = """\
    from vllm import LLM as Model
    C = {"model": "m", "seed": 1}
    Model(**dict(C, seed=2))
    Model(**{**C, "dtype": "half"})
    Model(**{**C, **other}, seed=3)
    """
    more, longer, unsure = look("a.py", text)
    assert dict(more.data) == {"model": "m", "seed": 2}
    assert dict(longer.data) == {"model": "m", "seed": 1, "dtype": "half"}
    assert isinstance(unsure.data["model"], UnknownValue)
    assert unsure.data["seed"] == 3


def test_a_class_of_another_package_is_no_engine(look: Look) -> None:
    assert look("a.py", "from other.vllm import LLM\nLLM(model='m')\n") == []
    assert look("a.py", "def broken(:\n vllm LLM(\n") == []


def test_the_cells_of_a_notebook(look: Look) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["vllm serve x"]},
        {"cell_type": "code", "source": ["from vllm import LLM\n", "!pip install vllm\n", "LLM('m', seed=3)"]},
        {"cell_type": "code", "source": "!vllm serve m --a 1"},
        {"cell_type": "code", "source": ["%%bash\n", "vllm serve n --b 2\n"]},
    ]
    text = json.dumps({"cells": cells}, indent=1)
    first, second, third = look("a.ipynb", text)
    assert first.data == {"model": "m", "seed": 3}
    assert "LLM('m'" in text.splitlines()[first.place[0] - 1]
    assert (line(second), line(third)) == ("vllm serve m --a 1", "vllm serve n --b 2")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('FROM vllm/vllm-openai:v0.11.0\nCMD ["--model", "m"]\n', "vllm serve --model m"),
        ('FROM x\nENTRYPOINT ["vllm", "serve"]\nCMD ["m", \\\n  "--a"]\n', "vllm serve m --a"),
        ("FROM x\nENV A=1\nCMD vllm serve m --a $B\n", "vllm serve m --a <$B>"),
    ],
)
def test_what_an_image_starts(look: Look, text: str, told: str) -> None:
    (found,) = look("Dockerfile.gpu", text)
    assert line(found) == told


def test_the_version_of_a_requirement_is_no_word_of_a_command(look: Look) -> None:
    assert look("Dockerfile", "FROM x\nRUN pip install vllm==0.11.0\n") == []


@pytest.mark.parametrize(
    "line",
    ['if x; then A="x$A --b"; fi', 'A="$A$A"', "A=($A $A)", "A+=($A $A b)", 'export A="$A,$A"', "x $A $A $A $A"],
)
def test_what_a_script_doubles_again_and_again_is_not_followed(look: Look, line: str) -> None:
    """A build script that adds to its options under forty conditions took all memory."""
    assert len(look("run.sh", f"A=some\n{f'{line}{chr(10)}' * 60}vllm serve m --a 1 $A")) == 1


def test_a_comment_of_a_template_is_no_command(look: Look) -> None:
    text = "{# Use vllm serve for it #}\nvllm serve m --a 1 {#- vllm serve x #} --b ${#N}\n{# a\nvllm serve y #}\n"
    assert [line(one) for one in look("run.sh.j2", text)] == ["vllm serve m --a 1 --b <$(…)>"]
