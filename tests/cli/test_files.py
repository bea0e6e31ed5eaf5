"""Files of every kind and whole folders, by `check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_llem_invariants.cli import main

POD = """\
spec:
  containers:
    - name: a
      image: some/demo:v{tag}
      args:
        - m
        - --tensor-parallel-size=0
"""


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["check", "--root", ".", *words])
    out, err = capsys.readouterr()
    return status, out, err


def documents(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    _, out, _ = run(capsys, "--format", "json", *words)
    told: list[dict[str, object]] = json.loads(out)["documents"]
    return told


def test_a_finding_has_the_place_of_the_option_in_the_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pod.yaml").write_text(POD.format(tag="2.0"))
    status, out, _ = run(capsys, "pod.yaml")
    assert status == 1
    assert out.splitlines()[0] == "pod.yaml:7:11: error: --tensor-parallel-size=0"
    assert "✗ rejected  pod.yaml  demo 2.0" in out


def test_the_rules_are_those_of_the_version_of_the_image(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pod.yaml").write_text(POD.format(tag="1.0"))
    (document,) = documents(capsys, "pod.yaml")
    assert document["engine_version"] == "1.0"


def test_of_a_version_without_rules_the_nearest_are_taken_and_that_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pod.yaml").write_text(POD.format(tag="1.1").replace("--tensor-parallel-size=0", "--no-such=1"))
    status, out, _ = run(capsys, "pod.yaml")
    assert status == 1  # neither of the versions around it has such an option
    assert "there are no rules of demo 1.1: checked with the nearest, 1.0" in out
    (project / "pod.yaml").write_text(POD.format(tag="9.0").replace("--tensor-parallel-size=0", "--no-such=1"))
    status, out, _ = run(capsys, "pod.yaml")
    assert status == 0  # a later version may have it
    assert "depends on the engine's version (1 rule) — pass --engine-version V" in out


def test_an_option_that_the_version_has_itself_is_no_error_by_the_rules_of_its_neighbours(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An option came with a version between two that have rules, and went before the later one."""
    releases = {
        "format": 1,
        "engine": "demo",
        "releases": ["1.0", "1.3", "1.4", "2.0"],
        "reads": {"options": ["serve"], "arguments": ["Serve"], "requests": [], "pairs": {}},
        "names": {"serve": {"--interim": [["1.3", "1.3", "int", "0", None]]}},
    }
    (project / "corpora" / "demo" / "releases.discovered.json").write_text(json.dumps(releases))
    for tag, status in (("1.3", 0), ("1.4", 1), ("1.2", 1)):
        (project / "pod.yaml").write_text(POD.format(tag=tag).replace("--tensor-parallel-size=0", "--interim=1"))
        assert run(capsys, "pod.yaml")[0] == status


@pytest.mark.parametrize("image", ["some/demo:nightly-1", "my/own:1", "some/demo@sha256:0", "{{ .image }}"])
def test_of_a_build_of_no_known_version_only_what_every_version_rejects_is_certain(
    project: Path, capsys: pytest.CaptureFixture[str], image: str
) -> None:
    pod = POD.replace("some/demo:v{tag}", f'"{image}"').replace("args:", "command: [demo, serve]\n      args:")
    (project / "pod.yaml").write_text(pod)
    status, out, _ = run(capsys, "pod.yaml")
    assert status == 0  # the earlier version has no such rule
    assert "depends on the engine's version (1 rule)" in out


def test_of_an_earlier_version_than_all_nothing_is_certain(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pod.yaml").write_text(POD.format(tag="0.1").replace("--tensor-parallel-size=0", "--no-such=1"))
    assert run(capsys, "pod.yaml")[0] == 0
    (project / "pod.yaml").write_text(POD.format(tag="1.0.3").replace("--tensor-parallel-size=0", "--no-such=1"))
    assert run(capsys, "pod.yaml")[0] == 1


def test_what_a_plugin_adds_is_no_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text("demo serve m --no-such=1\n")
    assert run(capsys, "run.sh")[0] == 1
    (project / "run.sh").write_text("pip install demo-more\ndemo serve m --no-such=1\n")
    status, out, _ = run(capsys, "run.sh")
    assert status == 0
    assert "depends on what is added to the engine (1 rule)" in out


def test_words_that_a_plugin_adds_to_a_command_are_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for more, status in (("", 1), ("--omni", 0)):
        Path("run.sh").write_text(
            f"vllm bench serve {more} --backend openai-chat-omni --model m --limit-mm-per-prompt 1\n"
        )
        assert main(["check", "run.sh"]) == status
    assert "depends on what is added to the engine" in capsys.readouterr().out


def test_what_several_configs_of_a_file_share_is_said_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "A='--tensor-parallel-size=0'\ndemo serve a $A\ndemo serve b $A\n"
    (project / "run.sh").write_text(text)
    status, out, _ = run(capsys, "run.sh")
    assert status == 1
    assert out.count("error:") == 1
    assert "2 configs" in out


def test_a_healthy_config_is_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text("demo serve m --tensor-parallel-size=2\n")
    status, out, _ = run(capsys, "run.sh")
    assert (status, out.count("\n")) == (0, 1)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("run.sh", "echo demo serve m\n", "no engine config found — looked for command lines"),
        ("a.py", "print('demo')\n", "looked for calls of an engine's classes"),
        ("a.yaml", "kind: x\n---\nkind: y\n", "looked for containers, engine sections"),
        ("a.yaml", "model: m\nport: 1\none: 1\ntwo: 2\nthree: 3\n", "this is no engine config: demo knows 2 of its 5"),
        ("a.yaml", "model: {a: 1}\nx: [1]\ny: 2\nw: 3\n", "this is no engine config"),
    ],
)
def test_a_named_file_without_a_config_is_exit_2_with_what_was_looked_for(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, told: str
) -> None:
    (project / name).write_text(text)
    status, _, err = run(capsys, name)
    assert (status, err.count("\n")) == (2, 1)
    assert told in err


def test_a_folder_is_checked_whole(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project / "repo"
    (folder / "deep" / "build").mkdir(parents=True)
    (folder / "deep" / "pod.yaml").write_text(POD.format(tag="2.0"))
    (folder / "deep" / "build" / "pod.yaml").write_text(POD.format(tag="2.0"))
    (folder / "run.sh").write_text("demo serve m\n")
    (folder / "other.yaml").write_text("kind: x\n")
    (folder / "sampling.json").write_text('{"temperature": 1.0}')
    (folder / "tokens.json").write_text('{"demo": 1}')
    (folder / "picture.png").write_bytes(b"\x89demo")
    (folder / "latin.md").write_bytes(b"demo \xe4")
    (folder / ".gitignore").write_text("build/\n!run.sh\n")
    status, out, err = run(capsys, "--explain-skipped", "repo")
    assert status == 1
    assert [line.split()[2] for line in out.splitlines() if line.startswith(("✓", "✗"))] == [
        "repo/run.sh",
        "repo/sampling.json",
        "repo/deep/pod.yaml",
    ]
    assert err.splitlines() == [
        "repo/.gitignore: skipped: no format that is read",
        "repo/latin.md: skipped: not UTF-8",
        "repo/other.yaml: skipped: no trace of an engine",
        "repo/picture.png: skipped: no format that is read",
        "repo/tokens.json: skipped: no engine config found",
    ]


def test_a_pattern_names_files(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (project / f"{name}.sh").write_text("demo serve m\n")
    (project / "c.yaml").write_text(POD.format(tag="2.0"))
    assert [one["file"] for one in documents(capsys, "*.sh")] == ["a.sh", "b.sh"]
    status, _, err = run(capsys, "*.txt")
    assert status == 2
    assert "no engine config in 0 files" in err


@pytest.mark.parametrize(
    ("pattern", "path", "is_left_out"),
    [
        ("*.log", "a/b.log", True),
        ("/*.log", "a/b.log", False),
        ("a/", "a/x", True),
        ("a/**/x", "a/b/c/x", True),
        ("**/x", "b/x", True),
        ("[ab].txt", "a.txt", True),
        ("[!ab].txt", "a.txt", False),
        ("a?c", "abc", True),
        ("#a", "#a", False),
        ("*.x\n!b.x", "b.x", False),
        ("[", "[", True),
    ],
)
def test_gitignore(tmp_path: Path, pattern: str, path: str, is_left_out: bool) -> None:
    from pytest_llem_invariants.cli.ignored import files_in

    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    (tmp_path / ".gitignore").write_text(f"{pattern}\n")
    seen = {Path(name).relative_to(tmp_path).as_posix(): out for name, out in files_in(str(tmp_path))}
    assert seen.get(path, True) is is_left_out


def test_a_big_report_tells_each_cause_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project / "many"
    folder.mkdir()
    for number in range(8):
        (folder / f"{number}.sh").write_text(f"demo serve m --port {number} --tensor-parallel-size=0\n")
    assert main(["check", "--root", ".", "many"]) == 1
    out = capsys.readouterr().out
    assert out.count("error: --tensor-parallel-size=0") == out.count("must be at least 1, got 0") == 1
    told = [f"many/{number}.sh:1:23" for number in range(1, 6)]
    assert f"  also  {', '.join(told)} and 2 more (--verbose lists them)\n" in out
    assert out.count("✗ rejected  many/") == 8
    assert "8 files with configs: 0 accepted, 0 depends, 8 rejected" in out
    assert main(["check", "--root", ".", "--verbose", "many"]) == 1
    assert "many/6.sh:1:23, many/7.sh:1:23\n" in capsys.readouterr().out


def test_a_file_with_many_findings_tells_each_cause_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "run.sh").write_text("".join(f"demo serve m{n} --tensor-parallel-size=0\n" for n in range(12)))
    assert main(["check", "--root", ".", "run.sh"]) == 1
    out = capsys.readouterr().out
    assert out.count("must be at least 1, got 0") == 1
    assert "  also  2:15, " in out


def test_what_many_files_depend_on_stands_behind_the_total(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project / "many"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.sh").write_text(f"docker run some/demo:nightly m{number} --tensor-parallel-size=0\n")
    assert main(["check", "--root", ".", "many"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("  ")[0] for line in lines[:4]] == ["? depends"] * 4
    assert lines[4] == "4 files with configs: 0 accepted, 4 depends, 0 rejected"
    assert lines[5] == "  4 depend on the engine's version — pass --engine-version V"


def test_which_files_require_a_version_is_one_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository with thirty lists of requirements told each in a line of its own."""
    for number in range(4):
        folder = project / "many" / str(number)
        folder.mkdir(parents=True)
        (folder / "run.sh").write_text("demo serve m\n")
        (folder / "requirements.txt").write_text("demo==1.0.0\n")
    assert main(["check", "--root", ".", "many"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "require" in line]
    assert told == [f"  {Path('many/0/requirements.txt')} and 3 more require demo 1.0.0 (4 files)"]


def test_a_folder_that_is_the_current_one_is_not_in_the_names(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "run.sh").write_text("demo serve m --tensor-parallel-size=0\n")
    assert main(["check", "--root", ".", "."]) == 1
    assert capsys.readouterr().out.startswith("run.sh:1:14: error: --tensor-parallel-size=0\n")


@pytest.mark.parametrize("where", ["app/requirements.txt", "requirements.txt", "app/Dockerfile"])
def test_a_program_has_the_version_that_the_files_beside_it_require(
    project: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    """A program of a repository that pins an earlier version was judged by the newest."""
    (project / "app").mkdir()
    (project / "app" / "run.sh").write_text("demo serve m --tensor-parallel-size 0\n")
    (document,) = documents(capsys, "app/run.sh")
    assert document["engine_version"] == "2.0"
    (project / where).write_text("FROM some/demo:v1.0\n" if "Docker" in where else "demo==1.0\n")
    (document,) = documents(capsys, "app/run.sh")
    assert document["engine_version"] == "1.0"
    assert document["notes"] == [f"{where} requires demo 1.0"]
    (document,) = documents(capsys, "--engine-version", "2.0", "app/run.sh")
    assert document["engine_version"] == "2.0"


def test_a_line_of_which_its_version_knows_nothing_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "transformers serve m --port many\nvllm serve m --port many\n"
    (tmp_path / "run.sh").write_text(f"pip install transformers==5.23.0\n{lines}")
    assert main(["check", str(tmp_path / "run.sh")]) == 1
    (line, *_) = capsys.readouterr().out.splitlines()
    assert line.endswith("run.sh:3:14: error: --port")


def test_what_is_to_be_noted_of_several_files_is_said_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "many").mkdir()
    for number in range(4):
        (project / "many" / f"{number}.sh").write_text("docker run some/demo:v1.1 m\n" * 2)
    main(["check", "--root", ".", "many"])
    told = [line for line in capsys.readouterr().out.splitlines() if "there are no rules" in line]
    assert told == ["  there are no rules of demo 1.1: checked with the nearest, 1.0 (4 files)"]
