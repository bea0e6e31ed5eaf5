"""Where a launch stands: behind what it stands for, what wraps it, where its output goes, in sessions and notebooks."""

from __future__ import annotations

import pytest

from tests.readers.conftest import Look, line


def test_a_command_of_others_that_takes_the_engine_s_options_stands_for_its_own(look: Look) -> None:
    (found,) = look("run.sh", "python -u -m other.vllm --model m --is-prefill 2>&1\n")
    assert line(found) == "python3 -m vllm.entrypoints.openai.api_server --model m --is-prefill"


@pytest.mark.parametrize("what", ["&> log", "&>> log", "> log 2>&1", ">& log", "2>log", ">|log", "|& tee log"])
def test_the_file_that_takes_the_output_is_no_argument(look: Look, what: str) -> None:
    (found,) = look("run.sh", f"vllm serve m --seed 1 {what} &\n")
    assert line(found) == "vllm serve m --seed 1"


@pytest.mark.parametrize(
    ("wrapper", "version", "is_built"),
    [
        ("srun --container-image=vllm/vllm-openai:v0.11.0", "0.11.0", False),
        ("srun --container-image docker://vllm/vllm-openai:latest", None, False),
        ("srun --container-image nvcr.io#other/vllm:1", None, True),
        ("srun --container-image=$IMAGE", None, True),
        (
            "IMAGE=vllm/vllm-openai:v0.11.0; srun --container-image=$IMAGE bash -c 'vllm serve m --seed 1' #",
            "0.11.0",
            False,
        ),
        ("apptainer exec --nv docker://vllm/vllm-openai:v0.11.0", "0.11.0", False),
        ("srun singularity exec --nv /images/vllm.sif", None, True),
        ("srun -N 1", None, False),
    ],
)
def test_the_image_of_a_wrapper_tells_the_version(
    look: Look, wrapper: str, version: str | None, is_built: bool
) -> None:
    """A job of Slurm was judged by the newest version, whatever image it names."""
    (found,) = look("job.sbatch", f"{wrapper} vllm serve m --seed 1\n")
    assert (line(found), found.beside.version, found.beside.is_built) == ("vllm serve m --seed 1", version, is_built)


SESSION = """\
```console
(base) $ vllm serve $MODEL \\
    --seed 1
INFO vllm serve started --seed 2
$ cat > a.yaml <<EOF
engine_kwargs: {a: 1}
EOF
$ vllm serve m --a '{
   "b": 1}'
done: vllm serve m --seed 3
```
"""


def test_what_a_program_says_in_a_session_is_no_command(look: Look) -> None:
    assert [one.place for one in look("a.md", SESSION)] == [(2, 10), (6, 16), (8, 3)]
    assert len(look("a.md", SESSION.replace("console", "bash"))) == 4


def test_a_notebook_s_expressions_are_not_known(look: Look) -> None:
    text = """{"cells": [
    {"cell_type": "code", "source": ["!vllm serve {model} --dtype {cfg['dtype']} --a '{\\"b\\": 1}' &> log &"]},
    {"cell_type": "code", "source": ["%%bash --bg\\n", "vllm serve m --seed 1"]}]}"""
    first, second = look("a.ipynb", text)
    assert line(first).replace("…", "") == 'vllm serve <> --dtype <> --a {"b": 1}'
    assert line(second) == "vllm serve m --seed 1"


def test_a_container_within_a_script_of_a_workflow(look: Look) -> None:
    text = """\
    steps:
      - run: |
          docker run --gpus all \\
            vllm/vllm-openai:v0.11.0 --model m --seed ${{ matrix.seed }}
    """
    (found,) = look("ci.yml", text)
    assert (line(found).replace("…", ""), found.beside.version) == ("vllm serve --model m --seed <$>", "0.11.0")


def test_the_text_that_a_container_of_ansible_gets(look: Look) -> None:
    text = """\
    - docker_container:
        name: vllm
        image: "vllm/vllm-openai:{{ version }}"
        command: "--model {{ model }} --seed 1"
        env: {A: "1"}
    """
    (found,) = look("play.yml", text)
    assert line(found).replace("…", "") == "vllm serve --model <> --seed 1"
