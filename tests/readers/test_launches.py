"""The commands of an engine in a line that somebody typed."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.readers.declared import engines, tag_of, version_of
from pytest_llem_invariants.readers.found import Found
from pytest_llem_invariants.readers.launches import in_line, in_script
from pytest_llem_invariants.readers.shell_words import tokens
from pytest_llem_invariants.readers.source import whole

KNOWN = engines(
    {
        "demo": {
            "commands": [{"words": ["demo", "serve"]}, {"words": ["python", "-m", "demo.server"]}],
            "files": {"images": [{"name": "demo/demo-api", "runs": ["demo", "serve"]}]},
        },
        "other": {"commands": [{"words": ["other-serve"]}], "files": {"traces": ["other"]}},
    }
)


def typed(text: str) -> list[Found]:
    """What is found once the shell of whoever types has taken away the quotes."""
    return list(in_line(shlex.split(text.replace("\\\n", " "), comments=True), KNOWN))


def written(text: str) -> list[Found]:
    return list(in_script(whole(text), KNOWN))


def only(text: str) -> Found:
    (found,) = written(text)
    return found


BEHIND = [
    "demo serve m --tp 2",
    "/usr/local/bin/demo serve m --tp 2",
    "A=1 demo serve m --tp 2",
    "env -u B A=1 demo serve m --tp 2",
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
    "ssh host 'demo serve m --tp 2'",
    "tmux new-session -d -s x 'cd /app && demo serve m --tp 2'",
    "sbatch --gpus=2 --wrap='srun demo serve m --tp 2'",
    "ray exec cluster.yaml 'demo serve m --tp 2'",
    "kubectl run x --image=demo/demo-api -- m --tp 2",
    "kubectl run x --image demo/demo-api:v1.2 --env=A=1 --rm -it -- m --tp 2",
    "kubectl run x --image=other/image --command -- demo serve m --tp 2",
    "docker run image demo serve m --tp 2",
    "docker run --rm -it image bash -c 'demo serve m --tp 2'",
    "docker run -d --name x -p 80:80 demo/demo-api m --tp 2",
    "docker run --entrypoint demo demo/demo-api serve m --tp 2",
    "sudo podman run --rm --device nvidia.com/gpu=all docker.io/demo/demo-api:v1.2 m --tp 2",
    "docker container run -p8000:8000 mirror.example/hub/demo/demo-api@sha256:0 m --tp 2",
]


def test_what_only_speaks_of_a_command_starts_none() -> None:
    assert written("git commit -m 'demo serve m --tp 2'") == []
    assert written("ssh host 'echo demo serve m'") == []
    assert typed("kubectl run x --image=other/image -- m --tp 2") == []


def test_an_image_by_itself_starts_what_it_runs() -> None:
    (found,) = typed("docker run --gpus all demo/demo-api:v1.2")
    assert (list(found.words), found.beside.version) == (["demo", "serve"], "1.2")


@pytest.mark.parametrize("text", BEHIND)
def test_a_command_is_found_behind_whatever_runs_it(text: str) -> None:
    found = only(text)
    assert (found.engine, list(found.words)) == ("demo", ["demo", "serve", "m", "--tp", "2"])


@pytest.mark.parametrize("text", [text for text in BEHIND if not any(sign in text for sign in ">;(|")])
def test_what_is_typed_is_read_as_what_is_written(text: str) -> None:
    assert [(list(one.words), one.beside) for one in typed(text)] == [
        (list(one.words), one.beside) for one in written(text)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "python3 -m demo.server --tp 2",
        "/opt/venv/bin/python3.11 -u -m demo.server --tp 2",
        "torchrun --nproc-per-node 1 -m demo.server --tp 2",
    ],
)
def test_a_module_may_be_run_by_any_program(text: str) -> None:
    assert list(only(text).words) == ["python", "-m", "demo.server", "--tp", "2"]


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
        "docker build -t demo/demo-api:v1 .",
        "bash -c",
        "bash script.sh",
        "docker run -d",
        "",
    ],
)
def test_where_no_engine_is_called_nothing_is_found(text: str) -> None:
    assert written(text) == typed(text) == []


def test_what_stands_around_a_command_is_told() -> None:
    text = (
        "export B=2; A=1 docker run --gpus 2 -e A=3 --env=HOME -e 'C=x y' --env-file f"
        " -v /a:/b demo/demo-api:v0.19.1-x86 --tp 2"
    )
    beside = only(text).beside
    assert (beside.env, beside.unknown_env) == ({"A": "3", "B": "2", "C": "x y"}, {"HOME"})
    assert (beside.image, beside.version, beside.gpus) == ("demo/demo-api:v0.19.1-x86", "0.19.1", 2)
    beside = only("export B=2 && C=${X} demo serve m").beside
    assert (beside.env, beside.unknown_env) == ({"B": "2"}, {"C"})
    (found,) = in_line(["export", "B=2", "&&", "C=${X}", "demo", "serve", "m"], KNOWN)
    assert (found.beside.env, found.beside.unknown_env) == ({"B": "2"}, {"C"})


def test_each_command_of_a_line_is_found_with_its_own_variables() -> None:
    one, two = written("A=1 demo serve a & A=2 other-serve b")
    assert [(one.engine, one.words[-1], one.beside.env), (two.engine, two.words[-1], two.beside.env)] == [
        ("demo", "a", {"A": "1"}),
        ("other", "b", {"A": "2"}),
    ]


def test_each_word_tells_where_it_stands() -> None:
    found = only("cd x\nsh -c 'demo serve m'\n")
    assert [word.place for word in found.words] == [(2, 8), (2, 8), (2, 19)]
    assert [word.place for word in only("A=1 demo serve 'm n' \\\n --tp=2").words] == [(1, 5), (1, 5), (1, 16), (2, 2)]


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
    assert version_of(tag_of(image)) == version


@given(st.text(alphabet="ab $'\"\\`{}()<>|&;#\n-=%", max_size=40))
def test_any_text_is_split_and_each_token_stands_where_it_says(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert at <= token.offset <= token.end <= len(text)
        at = token.end
    assert isinstance(written(text), list)


@pytest.mark.parametrize(
    ("text", "is_built"),
    [
        ("docker compose run --rm server demo serve m --tp 2", True),
        ("docker compose -f a.yml --profile gpu run -e DEMO_X=1 server demo serve m --tp 2", True),
        ("docker-compose run -e DEMO_X=1 server demo serve m --tp 2", True),
        ("docker-compose exec -e DEMO_X=1 server demo serve m --tp 2", False),
    ],
)
def test_a_service_of_compose_has_the_engine_in_some_version(text: str, *, is_built: bool) -> None:
    found = only(text)
    assert list(found.words) == ["demo", "serve", "m", "--tp", "2"]
    assert (found.beside.is_built, found.beside.env) == (is_built, {"DEMO_X": "1"} if "-e" in text.split() else {})
