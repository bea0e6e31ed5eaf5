"""What `--fix` changes in files, and what it leaves alone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker import checker
from pytest_llem_invariants.cli import main

RELEASES = {
    "format": 1,
    "engine": "demo",
    "releases": ["1.0", "2.0"],
    "gone": [
        {"names": ["--old-size"], "out": "nothing"},
        {"names": ["--old-switch"], "out": "nothing; it is always so"},
        {"names": ["--swap-room"], "use": ["`--offload`"], "same": True, "out": "the default counts"},
        {"names": ["--sometimes"], "out": "nothing where it was on"},
        {"names": ["DEMO_USE_NEW"], "out": "nothing; with 0 there is no other"},
        {"names": ["DEMO_KIND"], "use": ["`--offload`"], "out": "the default counts"},
        {"names": ["--otherwise"], "use": ["`--offload` 3"], "out": "the default counts"},
    ],
    "reads": {"options": ["serve"], "arguments": ["Serve"], "requests": [], "pairs": {}, "prefix": "DEMO_"},
    "names": {
        "env": {"DEMO_USE_NEW": [["1.0", "1.0", "", "", None]], "DEMO_KIND": [["1.0", "1.0", "", "", None]]},
        "serve": {
            "--old-size": [["1.0", "1.0", "int", "0", None]],
            "--old-switch": [["1.0", "1.0", "switch", "False", None]],
            "--swap-room": [["1.0", "1.0", "int", "0", None]],
            "--sometimes": [["1.0", "1.0", "switch", "False", None]],
            "--otherwise": [["1.0", "1.0", "switch", "False", None]],
            "--offload": [["1.0", "2.0", "int", "0", None]],
        },
    },
}


@pytest.fixture
def fixing(project: Path) -> Path:
    (project / "corpora" / "demo" / "releases.discovered.json").write_text(json.dumps(RELEASES))
    return project


def fix(name: str, *words: str) -> int:
    return main(["check", "--root", ".", "--engine", "demo", "--fix", *words, name])


def fixed(name: str, before: str) -> str:
    """What becomes of a text; a second time changes nothing."""
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(before)
    fix(name)
    after = Path(name).read_bytes()
    fix(name)
    assert Path(name).read_bytes() == after
    return after.decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("demo serve m --old-size 4 --n 1\n", "demo serve m --n 1\n"),
        ("demo serve m --old-size=4 --old-switch\n", "demo serve m\n"),
        ("demo serve --old-switch m\n", "demo serve m\n"),
        ("demo serve m \\\n  --old-size 4 \\\n  --graphs\n", "demo serve m \\\n  --graphs\n"),
        ("demo serve m \\\n  --graphs \\\n  --old-size 4\necho\n", "demo serve m \\\n  --graphs\necho\n"),
        ("demo serve m \\\n  --old-size \\\n  4 --graphs # x\n", "demo serve m \\\n  --graphs # x\n"),
        ("demo serve m --swap-room 4 # why\n", "demo serve m --offload 4 # why\n"),
        ("demo serve m '--swap-room=4'\n", "demo serve m '--offload=4'\n"),
        ('sh -c "demo serve m --old-switch --graphs"\n', 'sh -c "demo serve m --graphs"\n'),
        ("A=(--old-size 4 --graphs)\ndemo serve m ${A[@]}\n", "A=(--graphs)\ndemo serve m ${A[@]}\n"),
        ("A=(--swap-room 4)\ndemo serve m $A\ndemo serve $A\n", "A=(--offload 4)\ndemo serve m $A\ndemo serve $A\n"),
        ("demo serve m --tensor-paralel-size 4\n", "demo serve m --tensor-parallel-size 4\n"),
        ("demo serve m \\\r\n  --old-switch \\\r\n  --graphs\r\n", "demo serve m \\\r\n  --graphs\r\n"),
    ],
)  # fmt: skip
def test_a_script_is_changed_where_it_is_certain(fixing: Path, before: str, after: str) -> None:
    assert fixed("run.sh", before) == after


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Makefile", "M = m\nall:\n\t@demo serve $(M) --old-size 4\n", "M = m\nall:\n\t@demo serve $(M)\n"),
        ("justfile", "run m='m':\n  demo serve {{m}} --old-size 4\n", "run m='m':\n  demo serve {{m}}\n"),
        ("a.service", "ExecStart=demo serve m \\\n --old-size 4\n", "ExecStart=demo serve m\n"),
    ],
)
def test_recipes_and_units_are_changed_where_it_is_certain(fixing: Path, name: str, before: str, after: str) -> None:
    assert fixed(name, before) == after


POD = """\
spec:
  containers:
    - image: some/demo:v2.0  # ours
{}
      env: []
"""
SHELL = "      command: [sh, -c]\n      args:\n        - "


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '      args:\n        - m\n        - --old-size  # dead\n        - "4"\n        - --graphs',
            "      args:\n        - m\n        - --graphs",
        ),
        ("      args:\r\n        - --old-switch\r\n        - m", "      args:\r\n        - m"),
        ('      args: ["m", "--old-size", "4", "--graphs"]', '      args: ["m", "--graphs"]'),
        ('      args: ["m", "--graphs", "--old-size", "4"]', '      args: ["m", "--graphs"]'),
        ("      args: [\n    m,\n    --old-switch,\n    --graphs\n    ]", "      args: [\n    m,\n    --graphs\n    ]"),
        ("      args: [m, --swap-room=4]", "      args: [m, --offload=4]"),
        (
            f"{SHELL}|\n          demo serve m \\\n            --old-size 4 \\\n            --graphs",
            f"{SHELL}|\n          demo serve m \\\n            --graphs",
        ),
        (
            f"{SHELL}>-\n          demo serve m\n          --graphs\n          --old-size 4",
            f"{SHELL}>-\n          demo serve m\n          --graphs",
        ),
    ],
)  # fmt: skip
def test_a_manifest_is_changed_where_it_is_certain(fixing: Path, before: str, after: str) -> None:
    assert fixed("pod.yaml", POD.format(before)) == POD.format(after)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("serve.yaml", "# mine\nmodel: m\nold-size: 4  # dead\ngraphs: true\n", "# mine\nmodel: m\ngraphs: true\n"),
        ("serve.yaml", "graphs: true\nswap_room: 4   # why\n", "graphs: true\noffload: 4   # why\n"),
        ("serve.yaml", "graphs: true\ntensor-paralel-size: 4", "graphs: true\ntensor-parallel-size: 4"),
        ("serve.yaml", "graphs: true\ntensor_paralel_size: 4", "graphs: true\ntensor_parallel_size: 4"),
        ("serve.yaml", "{model: m, old-size: [4], graphs: true}\n", "{model: m, graphs: true}\n"),
        ("serve.yaml", "model: m\r\nold-size: 4\r\ngraphs: true\r\n", "model: m\r\ngraphs: true\r\n"),
        ("serve.yaml", "\ufeffmodel: ü\nold-size: 4\ngraphs: true", "\ufeffmodel: ü\ngraphs: true"),
        ("a.yaml", "x: 1\ndemo_options:\n  old_size: 4\n  graphs: true", "x: 1\ndemo_options:\n  graphs: true"),
        ("c.json", '{"model": "m", "old_size": {"a": [1]}, "graphs": true}', '{"model": "m", "graphs": true}'),
        ("c.json", '{\n "graphs": true,\n "old_size": 4\n}\n', '{\n "graphs": true\n}\n'),
        ("c.json", '{\n "old_size": 4,\n "graphs": true\n}\n', '{\n "graphs": true\n}\n'),
        ("c.json", '{"graphs": true, "swap_room": 2}', '{"graphs": true, "offload": 2}'),
    ],
)  # fmt: skip
def test_a_mapping_is_changed_where_it_is_certain(fixing: Path, name: str, before: str, after: str) -> None:
    assert fixed(name, before) == after


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.sh", "demo serve m --sometimes\n"),  # not nothing at all
        ("run.sh", "demo serve m --otherwise\n"),  # another value
        ("run.sh", "demo serve m --old-size $N\n"),
        ("run.sh", "demo serve m --old-size 4 --old-size 5\n"),
        ("run.sh", "demo serve m --old-switch true\n"),
        ("run.sh", "demo serve --old-size 4 m\n"),  # nobody knows whether it takes one or two
        ("Makefile", "A = --old-size 4\nall:\n\tdemo serve m $(A)\n"),
        ("justfile", "a := '4'\nrun:\n    demo serve m --old-size {{a}}\n"),
        ("run.sh", 'A="--old-size 4"\ndemo serve m --graphs $A\n'),
        ("run.sh", "A=(--old-size 4)\ndemo serve m --graphs ${A[@]}\ntrain ${A[@]}\n"),
        ("pod.yaml", POD.format(f"{SHELL}|\n          A=(--old-switch)\n          demo serve m --graphs ${{A[@]}}")),
        ("run.sh", "demo serve m --old-'size' 4\n"),
        ("run.sh", "if x; then A=(--old-switch); fi\ndemo serve m --graphs ${A[@]}\n"),
        ("run.sh", "demo serve m --swap-room 4 --offload 0\n"),  # then it is given twice
        ("run.sh", "demo serve m --tensor-parallel-zize-x 4\n"),  # more than a letter
        ("run.sh", "docker run some/demo:nightly m --old-switch\n"),  # nobody knows the version
        ("serve.yaml", "model: m\nold-size:\n  a: 1\n"),
        ("serve.yaml", "model: &m m\nold-size: &x 4\ngraphs: *x\n"),
        ("pod.yaml", POD.format("      args: &a [m, --old-switch]").replace("[]", "*a")),
        ("pod.yaml", POD.format("      args: [m, --old-switch]") + "broken: [\n"),
        ("start.py", "import subprocess\nsubprocess.run(['demo', 'serve', 'm', '--old-switch'])\n"),
        ("c.json", '{"model": "m", "swap_room": 4, "offload": 5}'),
    ],
)
def test_what_is_not_certain_is_left_alone(fixing: Path, name: str, text: str) -> None:
    assert fixed(name, text) == text


@pytest.fixture(scope="module")
def kept() -> Iterator[None]:
    """One reading of a real corpus for all that needs it."""
    checker.keep()
    yield
    checker._kept = None


DRAFT = '{"method": "ngram", "num_speculative_token": 3}'
RIGHT = DRAFT.replace("token", "tokens")
ITEMS = "      args:\n        - m\n        - --enforce-eager\n{}        - --seed=1"
NESTED = "model: m\nspeculative_config:\n  method: ngram\n  num_speculative_token{}: 3 # x\n"


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("run.sh", "vllm serve m --enable-chunked-prefill=false\n", "vllm serve m --no-enable-chunked-prefill\n"),
        ("run.sh", "vllm serve m --enforce_eager False --seed=1\n", "vllm serve m --no-enforce-eager --seed=1\n"),
        ("run.sh", "vllm serve m --enforce-eager true \\\n -tp 2\n", "vllm serve m --enforce-eager \\\n -tp 2\n"),
        ("p.yaml", POD.format(ITEMS.format('        - "true"\n')), POD.format(ITEMS.format(""))),
        ("run.sh", f"vllm serve m --speculative-config '{DRAFT}'\n", f"vllm serve m --speculative-config '{RIGHT}'\n"),
        ("p.yaml", POD.format(f"      args: [m, '-sc={DRAFT}']"), POD.format(f"      args: [m, '-sc={RIGHT}']")),
        ("serve.yaml", NESTED.format(""), NESTED.format("s")),
        ("run.sh", "vllm serve m --speculative-config \"{'num_speculative_token': 3}\"\n", None),
        ("run.sh", "vllm serve m --enforce-eager maybe\n", None),
        ("run.sh", "vllm serve m --dtype half16 -tp 0\n", None),  # what was meant is not certain
    ],
)
def test_a_value_that_a_switch_says_by_its_name_and_a_key_in_a_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, before: str, after: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(before.replace("some/demo:v2.0", "vllm/vllm-openai:v0.32.0"))
    main(["check", "--fix", name])
    assert Path(name).read_text().replace("vllm/vllm-openai:v0.32.0", "some/demo:v2.0") == (after or before)


def test_a_report_says_how_much_of_it_can_be_fixed(fixing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fixing / "run.sh").write_text("demo serve m --old-size 4 --old-switch\ndemo serve m --old-size $N\n")
    main(["check", "--root", ".", "--engine", "demo", "run.sh"])
    assert capsys.readouterr().out.endswith("2 of these can be fixed: run with --fix (--diff shows the change)\n")
    fix("run.sh")
    assert "can be fixed" not in capsys.readouterr().out


def test_it_is_told_what_was_done_and_why_not(fixing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fixing / "run.sh").write_text("demo serve m --old-size 4\ndemo serve m --old-size $N\n")
    assert fix("run.sh") == 1
    err = capsys.readouterr().err
    assert "run.sh:1:14: fixed: --old-size is left out\n" in err
    assert "run.sh:2:14: not fixed: --old-size: its value is not told\n" in err
    assert err.endswith("--fix: changed 1 option in 1 file\n")


def test_diff_shows_the_change_and_writes_nothing(fixing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "model: m\nold-size: 4\ngraphs: true"
    (fixing / "serve.yaml").write_text(text)
    assert fix("serve.yaml", "--diff") == 1
    patch = "--- serve.yaml\n+++ serve.yaml\n@@ -1,3 +1,2 @@\n model: m\n-old-size: 4\n graphs: true\n"
    assert capsys.readouterr().out == patch + "\\ No newline at end of file\n"
    assert (fixing / "serve.yaml").read_text() == text
    (fixing / "serve.yaml").write_text("model: m\n")
    assert fix("serve.yaml", "--diff") == 0


def test_a_folder_keeps_modes_and_links_and_what_needs_no_change(fixing: Path) -> None:
    folder = fixing / "files"
    folder.mkdir()
    (folder / "run.sh").write_text("demo serve m --old-switch\n")
    (folder / "run.sh").chmod(0o750)
    (folder / "link.sh").symlink_to("run.sh")
    (folder / "fine.sh").write_text("demo serve m\n")
    before = os.stat(folder / "fine.sh").st_mtime_ns
    assert fix("files") == 0
    assert (folder / "run.sh").read_text() == "demo serve m\n"
    assert stat.S_IMODE(os.stat(folder / "run.sh").st_mode) == 0o750
    assert (folder / "link.sh").is_symlink()
    assert os.stat(folder / "fine.sh").st_mtime_ns == before
    assert sorted(os.listdir(folder)) == ["fine.sh", "link.sh", "run.sh"]


def test_upgrade_fixes_for_the_version_to_come(fixing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (fixing / "run.sh").write_text("docker run some/demo:v1.0 m --old-switch --sometimes\n")
    words = ["upgrade", "--root", ".", "--from", "1.0", "--to", "2.0", "run.sh", "--fix"]
    assert main(words) == 1
    assert (fixing / "run.sh").read_text() == "docker run some/demo:v1.0 m --sometimes\n"
    assert "--old-switch is left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--diff", "run.sh"], "--diff shows what --fix would change — give both"),
        (["--fix", "-"], "--fix changes files: name one, or a folder"),
        (["--fix", "--", "demo", "serve", "m"], "--fix changes files: name one, or a folder"),
        (["--fix", "gone.sh"], "cannot be read"),
        (["--fix", "bytes.sh"], "bytes.sh:1: the file is not UTF-8"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    fixing: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    (fixing / "run.sh").write_text("demo serve m\n")
    (fixing / "bytes.sh").write_bytes(b"demo serve \xff --old-switch\n")
    assert main(["check", "--root", ".", *words]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


def test_a_file_that_cannot_be_written_is_one_sentence(
    fixing: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (fixing / "run.sh").write_text("demo serve m --old-switch\n")
    monkeypatch.setattr("os.fsync", full)
    assert fix("run.sh") == 2
    assert "run.sh: the file cannot be written: No space left on device — " in capsys.readouterr().err
    assert (fixing / "run.sh").read_text() == "demo serve m --old-switch\n"
    assert not [name for name in os.listdir() if name.endswith(".tmp")]


# The law --------------------------------------------------------------------------------------------------------------

PARTS = [
    "--old-size 4",
    "--old-size=4",
    "--old-switch",
    "--swap-room 4",
    "--graphs",
    "--tensor-parallel-size 2",
    "-z 2",
]
COMMENTS = ["", "# a --old-size 4", "# it's é", " # x"]


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, str]:
    """A file of one of the shapes, with options that are gone among others, comments, and either end of a line."""
    parts = draw(st.lists(st.sampled_from(PARTS), max_size=5, unique_by=lambda part: part.split()[0].split("=")[0]))
    comment, other = draw(st.sampled_from(COMMENTS)), draw(st.sampled_from(COMMENTS))
    shape = draw(st.sampled_from(["line", "lines", "items", "flow", "block", "shell", "json", "mapping"]))
    words = " ".join(parts).split()
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    items = [f"        - {word!r} {comment}" for word in words]
    joined = " \\\n            ".join(["demo serve m", *parts])
    keys = {"graphs": True, **_mapping(parts)}
    lines = {
        "line": [other, f"demo serve m {' '.join(parts)} {comment}", "echo 'x'"],
        "lines": [other, joined, comment],
        "shell": [f'bash -c "demo serve m {" ".join(parts)}" {comment}'],
        "items": [POD.format("\n".join(["      args:", "        - m", *items]))],
        "flow": [POD.format(f"      args: {json.dumps(['m', *words])} {comment}")],
        "block": [POD.format(f"{SHELL}|\n          {joined}"), comment.strip()],
        "json": [json.dumps(keys, indent=draw(st.sampled_from([None, 2])))],
        "mapping": [other, *(f"{key}: {json.dumps(value)} {comment}" for key, value in keys.items())],
    }[shape]
    name = {"json": "c.json", "items": "p.yaml", "flow": "p.yaml", "block": "p.yaml", "mapping": "s.yaml"}
    return name.get(shape, "run.sh"), ("\n".join(lines) + "\n").replace("\n", ends)


def _mapping(parts: list[str]) -> dict[str, object]:
    pairs = [part.lstrip("-").replace("=", " ").partition(" ") for part in parts if "old" in part or "swap" in part]
    return {key: int(value) if value else True for key, _, value in pairs}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(document=documents())
def test_of_any_document_only_the_changed_options_have_other_bytes(fixing: Path, document: tuple[str, str]) -> None:
    name, before = document
    after = fixed(name, before)
    code = "\n".join(line.partition("#")[0] for line in after.splitlines())
    assert "old-size" not in code
    assert "old-switch" not in code
    assert "swap-room" not in code
    kept = iter(before.replace("swap-room", "offload"))
    assert all(letter in kept for letter in after)  # nothing is new but the other name
    for code, _, comment in (line.partition("#") for line in before.splitlines()):
        assert comment in after or "old" in code or code.strip() == "- '4'"  # a line that goes takes its comment along
    assert before.count("\r\n") == before.count("\n") or "\r" not in after


_MANIFEST = """\
spec:
  containers:
    - name: a
      image: demo/server:v2.0
      command: [demo, serve, m]
      env:
        - name: OTHER
          value: x
        - name: DEMO_USE_NEW # no longer
          value: "1"
        - name: DEMO_KIND
          value: a
"""


@pytest.mark.parametrize(
    ("name", "before", "gone"),
    [
        ("a.yaml", _MANIFEST, '        - name: DEMO_USE_NEW # no longer\n          value: "1"\n'),
        (
            "compose.yaml",
            "services:\n  a:\n    image: demo/server:v2.0\n    command: demo serve m\n    environment:\n      - A=1\n"
            "      - DEMO_USE_NEW=1\n",
            "      - DEMO_USE_NEW=1\n",
        ),
        (
            "mapping.yaml",
            "services:\n  a:\n    image: demo/server:v2.0\n    command: demo serve m\n    environment:\n"
            '      DEMO_USE_NEW: "1"\n      A: b\n',
            '      DEMO_USE_NEW: "1"\n',
        ),
        ("line.sh", "export DEMO_USE_NEW=1\nexport A=1\ndemo serve m\n", "export DEMO_USE_NEW=1\n"),
        ("two.sh", "export A=1\nexport DEMO_USE_NEW='1'\ndemo serve m\n", "export DEMO_USE_NEW='1'\n"),
        ("one.sh", "export DEMO_USE_NEW=1 A=1\ndemo serve m\n", "DEMO_USE_NEW=1 "),
        ("before.sh", "DEMO_USE_NEW=1 demo serve m\n", "DEMO_USE_NEW=1 "),
        ("docker.sh", "docker run -e DEMO_USE_NEW=1 \\\n  demo/server:v2.0 demo serve m\n", "-e DEMO_USE_NEW=1 "),
        ("Dockerfile", "FROM demo/server:v2.0\nENV DEMO_USE_NEW=1\nCMD demo serve m\n", "ENV DEMO_USE_NEW=1\n"),
        ("Makefile", "export DEMO_USE_NEW=1\nall:\n\tdemo serve m\n", "export DEMO_USE_NEW=1\n"),
        # An empty setting would take back what others set.
        (
            "a.service",
            "[Service]\nEnvironment=A=1\nEnvironment=DEMO_USE_NEW=1\nExecStart=demo serve m\n",
            "Environment=DEMO_USE_NEW=1\n",
        ),
        (
            "b.service",
            '[Service]\nEnvironment=DEMO_USE_NEW=1 "A=b c"\nExecStart=demo serve m\n',
            "DEMO_USE_NEW=1 ",
        ),
    ],
)
@pytest.mark.usefixtures("fixing")
def test_a_variable_that_nobody_reads_goes_from_where_it_is_set(name: str, before: str, gone: str) -> None:
    assert before.count(gone) == 1
    assert fixed(name, before) == before.replace(gone, "")


@pytest.mark.parametrize(
    "before",
    [
        'export DEMO_USE_NEW=1\necho "new: $DEMO_USE_NEW"\ndemo serve m\n',
        'export DEMO_USE_NEW=1\n[ -z "${DEMO_USE_NEW}" ] || other\ndemo serve m\n',
        "export DEMO_USE_NEW=1; other\ndemo serve m\n",
        "if x; then\n  export DEMO_USE_NEW=1\nfi\ndemo serve m\n",
        "export DEMO_USE_NEW=$(other)\ndemo serve m\n",
        "export DEMO_KIND=a\ndemo serve m\n",
    ],
)
@pytest.mark.usefixtures("fixing")
def test_a_variable_stays_that_is_read_here_or_stands_for_something(before: str) -> None:
    assert fixed("a.sh", before) == before


@pytest.mark.usefixtures("fixing")
def test_the_only_variable_of_a_list_stays_as_nothing_would_be_left() -> None:
    before = _MANIFEST.replace("        - name: OTHER\n          value: x\n", "").partition(
        "        - name: DEMO_KIND"
    )[0]
    assert fixed("a.yaml", before) == before


@pytest.mark.usefixtures("fixing")
def test_a_finding_about_a_variable_is_told_where_it_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(_MANIFEST)
    main(["check", "--root", ".", "a.yaml"])
    assert "a.yaml:9:17: warning: DEMO_USE_NEW" in capsys.readouterr().out
