"""The commands of an engine in a line that people have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.text.lines import Front, Line, commands_of, version_of
from pytest_llem_invariants.text.shell import split

FRONTS = [
    Front("demo", [["demo", "serve"], ["python", "-m", "demo.server"]], {"demo/demo-api": ["demo", "serve"]}),
    Front("other", [["other-serve"]]),
]


def found(text: str) -> list[Line]:
    return commands_of(split(text), FRONTS)


def only(text: str) -> Line:
    (line,) = found(text)
    return line


@pytest.mark.parametrize(
    "text",
    [
        "demo serve m --tp 2",
        "/usr/local/bin/demo serve m --tp 2",
        "A=1 demo serve m --tp 2",
        "env A=1 demo serve m --tp 2",
        "sudo A=1 nohup demo serve m --tp 2 > log.txt 2>&1 &",
        "exec demo serve m --tp 2",
        "time numactl --cpunodebind=0 -- demo serve m --tp 2 | tee log",
        "uv run --with demo demo serve m --tp 2",
        "ray job submit --working-dir . -- demo serve m --tp 2",
        "cd /app && demo serve m --tp 2",
        "set -e; demo serve m --tp 2; echo done",
        "demo serve \\\n  m \\\n  --tp 2  # two of them",
        "demo serve 'm' \"--tp\" 2",
        "bash -c 'demo serve m --tp 2'",
        'sh -lc "cd /app && exec demo serve m --tp 2"',
        "bash -euo pipefail -c 'demo serve m --tp 2'",
        "srun --gpus 2 bash -c \"bash -c 'demo serve m --tp 2'\"",
        "(demo serve m --tp 2)",
        "docker run image demo serve m --tp 2",
        "docker run --rm -it image bash -c 'demo serve m --tp 2'",
        "docker run -d --name x -p 80:80 demo/demo-api m --tp 2",
        "docker run --entrypoint demo demo/demo-api serve m --tp 2",
        "sudo podman run --rm --device nvidia.com/gpu=all docker.io/demo/demo-api:v1.2 m --tp 2",
        "docker container run -p8000:8000 mirror.example/hub/demo/demo-api@sha256:0 m --tp 2",
    ],
)
def test_a_command_is_found_behind_whatever_runs_it(text: str) -> None:
    line = only(text)
    assert (line.engine, line.words) == ("demo", ["demo", "serve", "m", "--tp", "2"])


@pytest.mark.parametrize(
    "text",
    [
        "python3 -m demo.server --tp 2",
        "/opt/venv/bin/python3.11 -u -m demo.server --tp 2",
        "torchrun --nproc-per-node 1 -m demo.server --tp 2",
    ],
)
def test_a_module_may_be_run_by_any_program(text: str) -> None:
    assert only(text).words == ["python", "-m", "demo.server", "--tp", "2"]


@pytest.mark.parametrize(
    "text",
    [
        "echo demo serve m",
        "pkill -f demo serve",
        "# demo serve m",
        "demo-serve m",
        "demo bench serve",
        "docker run image",
        "docker run",
        "docker pull demo/demo-api",
        "bash -c",
        "bash script.sh",
        "docker run -d",
        "",
    ],
)
def test_where_no_engine_is_called_nothing_is_found(text: str) -> None:
    assert found(text) == []


def test_what_stands_around_a_command_is_told() -> None:
    line = only(
        "export B=2; A=1 docker run --gpus all -e A=3 --env=HOME -e 'C=x y' --env-file f"
        " -v /a:/b demo/demo-api:v0.19.1-x86 --tp 2"
    )
    assert line.environment == {"A": "3", "HOME": "${HOME}", "C": "x y"}
    assert (line.image, line.version, line.gpus) == ("demo/demo-api:v0.19.1-x86", "0.19.1", "all")
    assert only("export B=2 && C=${X} demo serve m").environment == {"B": "2", "C": "${X}"}
    assert only("B=2\ndemo serve m").environment == {"B": "2"}


def test_each_command_of_a_line_is_found_with_its_own_variables() -> None:
    one, two = found("A=1 demo serve a & A=2 other-serve b")
    assert [(one.engine, one.words[-1], one.environment), (two.engine, two.words[-1], two.environment)] == [
        ("demo", "a", {"A": "1"}),
        ("other", "b", {"A": "2"}),
    ]


def test_each_word_tells_where_it_stands() -> None:
    words = ["sh", "-c", "demo serve m --tp 2"]
    (line,) = commands_of(words, FRONTS)
    assert line.at == [2] * 5
    (line,) = commands_of(["env", "A=1", "demo", "serve", "m"], FRONTS)
    assert line.at == [2, 2, 4]
    text = "A=1 demo serve 'm n' \\\n --tp=$TP"
    assert [(word, text[word.at : word.end]) for word in split(text)][3:] == [
        ("m n", "'m n'"),
        ("--tp=$TP", "--tp=$TP"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a $X ${Y:-b c} $(d e | f) `g h`", ["a", "$X", "${Y:-b c}", "$(d e | f)", "`g h`"]),
        ("a {{ .Values.x | quote }} {% if y %}", ["a", "{{ .Values.x | quote }}", "{% if y %}"]),
        ('"a $X b" "\\"c\\"" "\\$d"', ["a $X b", '"c"', "\\$d"]),
        ("a <model> --n <your-n> < in > out", ["a", "<model>", "--n", "<your-n>"]),
        ("a 2>/dev/null 1>&2 &>all b", ["a", "b"]),
        ("a'b'\"c\"\\ d", ["abc d"]),
        ("--c '{\"x\": [1, 2]}'", ["--c", '{"x": [1, 2]}']),
        ("a && b || c; d | e & f", ["a", "&&", "b", "||", "c", ";", "d", "|", "e", "&", "f"]),
        ("a#b #c", ["a#b"]),
        ("'open", ["open"]),
        ('"open', ["open"]),
        ("$(open", ["$(open"]),
    ],
)
def test_a_text_is_split_as_a_shell_would(text: str, words: list[str]) -> None:
    assert split(text) == words


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("a/b:v0.11.0", "0.11.0"),
        ("registry:5000/a/b:0.11.0-cu128", "0.11.0"),
        ("registry:5000/a/b", None),
        ("a/b:latest", None),
        ("a/b:v1", None),
        ("a/b@sha256:12.3", None),
        ("a/b:${TAG}", None),
    ],
)
def test_the_tag_of_an_image_tells_the_version(image: str, version: str | None) -> None:
    assert version_of(image) == version


@given(st.text(alphabet="ab $'\"\\`{}()<>|&;#\n-=%", max_size=40))
def test_any_text_is_split_and_each_word_stands_where_it_says(text: str) -> None:
    words = split(text)
    at = 0
    for word in words:
        assert at <= word.at < word.end <= len(text)
        at = word.end
    commands: Any = commands_of(words, FRONTS)
    assert isinstance(commands, list)
