"""Every attack that was once found to work, by name."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from miners.cli import main as mine
from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.cli.formats import FORMATS
from pytest_llem_invariants.corpus.files import load_proposed, load_validated
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.ssot import read_ssot
from pytest_llem_invariants.text import terminal as edge
from tests.attacks.targets import LONGEST, Outcome, Range, ask, watched

pytestmark = pytest.mark.usefixtures("loaded")

SERVE = ("check", "--", "vllm", "serve", "m")


def lawful(outcome: Outcome) -> Outcome:
    assert outcome.wrong() is None, outcome
    return outcome


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "words",
    [
        ("--max-model-len", "9" * 5_000 + "k"),
        ("--max-model-len", "9" * 4_299 + "T"),
        ("--max-model-len", "9" * 400 + ".5k"),
        ("--gpu-memory-utilization", "9" * 400 + ".5"),
        ("--gpu-memory-utilization", "1e400"),
        ("--hf-overrides", "[" * 5_000),
        ("--hf-overrides", "[" * 500 + "]" * 500),
        ("--hf-overrides" + ".a" * 3_000, "1"),
        ("--speculative-config", '{"method": ' * 3_000),
        ("--served-model-name", "\udcff\ud800"),
        ("--\udcff", "\u202e"),
    ],
    ids=range(11),
)
def test_odd_words_of_a_command_line_are_answered(words: tuple[str, ...], form: str) -> None:
    lawful(ask(("check", "--format", form, *SERVE[1:], *words), "ascii"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.yaml", "n: 0x" + "f" * 5_000),
        ("x.yaml", "n: " + "9" * 5_000),
        ("x.yaml", "n: " + "[" * 3_000),
        ("x.json", '{"n": ' + "9" * 5_000 + "}"),
        ("x.json", '{"n": ' + "[" * 900 + "]" * 900 + "}"),
        ("x.json", '{"n": ' + "[" * 90_000 + "}"),
        ("x.json", '{"temperature": "\\ud800", "\\ud800": 1, "max_new_tokens": 0}'),
        ("x.json", '{"model_type": "llama", "quantization_config": {"quant_method": ["gptq"]}}'),
        ("x.json", '{"model_type": "llama", "quantization_config": {"quant_method": {"a": 1}}}'),
        ("x.yaml", "model_type: llama\nquantization_config: {quant_method: gptq, 1.5: 1, null: 2, true: 3}\n"),
        ("x.yaml", "model: m\ntensor-parallel-size: 2\ncompilation-config: {1.5: 1, null: 2, true: 3}\n"),
        ("x.yaml", f"temperature: {'9' * 400}.5\nmax_new_tokens: {'9' * 400}\n"),
        ("x.yaml", "temperature: 1\n" + "".join(f"k{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))),
    ],
    ids=range(13),
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_odd_documents_are_answered(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    lawful(ask(("check", str(path)), encoding))
    lawful(ask(("check", "--format", "json", str(path)), encoding))


@pytest.fixture(params=["zero", "fifo", "folder", "missing", "deep", "huge", "bytes", "a\x00b"])
def odd_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "odd.json"
    match request.param:
        case "zero":
            return Path("/dev/zero")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "deep":
            path.write_text('{"schema_version": "1.0", "x": ' + "[" * 100_000)
        case "huge":
            with path.open("wb") as file:
                file.truncate(1 << 32)
        case "bytes":
            path.write_bytes(b'{"a": "\xff\xfe"}')
        case "missing":
            pass
        case name:
            return Path(name)
    return path


def test_any_file_is_read_or_refused_in_one_sentence(odd_file: Path, demo: Range) -> None:
    corpus = str(demo.folder / "invariants.proposed.yaml")
    for words in (
        ("check", str(odd_file)),
        ("check", "--engine", "transformers", str(odd_file)),
        ("check", "--corpus", str(odd_file), "--type", "x", corpus),
        ("explain", "--corpus", str(odd_file), "x"),
        ("sweep", "--engine", "transformers", str(odd_file)),
    ):
        outcome = lawful(ask(words))
        assert outcome.status == 2, words
        assert outcome.err.count("\n") == 1
    served = lawful(ask((*SERVE, "--config", str(odd_file))))
    assert "is no YAML file by its name" in served.out if served.status == 1 else served.status == 2


@pytest.mark.parametrize("name", ["invariants.validated.yaml", "schema.discovered.json"])
def test_a_file_beside_a_corpus_may_be_anything(odd_file: Path, name: str, demo: Range, tmp_path: Path) -> None:
    corpus = tmp_path / "invariants.proposed.yaml"
    corpus.write_text(demo.whole[corpus.name])
    if not odd_file.is_absolute() or not odd_file.exists():
        return
    (tmp_path / name).symlink_to(odd_file)
    outcome = lawful(ask(("list", "--corpus", str(corpus))))
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1


def test_a_library_call_refuses_any_file_as_well(odd_file: Path) -> None:
    for read in (read_ssot, load_validated, load_proposed):
        with watched(LONGEST), pytest.raises(CorpusError) as caught:
            read(odd_file)
        assert "\n" not in str(caught.value)


STEERING = "\x1b[31m\x9b1m\x07\u202e\u2066\u2028\u2029\x85\r\n::stop-commands::x\r\n##[error]x%0A::error::y"


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_in_a_document_steers_a_terminal_or_a_ci_log(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"::stop-commands::x\x1b[31m,%0A.{form}.json"
    path.write_text(
        json.dumps({"max_new_tokens": -1, "temperatur": 1, STEERING: STEERING, "cache_implementation": STEERING})
    )
    for words in ((), ("--require-certified",)):
        outcome = lawful(ask(("check", "--engine", "transformers", "--format", form, *words, str(path))))
        assert not any(line.lstrip().startswith("::stop") for line in outcome.out.splitlines())
        if form == "github":
            assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in outcome.out.splitlines())
            assert "\\x1b" in outcome.out
            assert "%0A" not in outcome.out
            assert "##[" not in outcome.out


def test_a_file_whose_name_is_a_command_is_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("::stop-commands::x", " ::error::x", "##[error]x", "##vso[task.x]"):
        Path(name).write_text("max_new_tokens: -1\n")
        for words in (("check", "--engine", "transformers", name), ("check", name + "y")):
            outcome = lawful(ask(words))
            assert not any(line.lstrip().startswith("::") for line in (outcome.out + outcome.err).splitlines())
            assert "##[" not in outcome.out + outcome.err
            assert "##vso[" not in outcome.out + outcome.err


def test_nothing_in_a_corpus_steers_a_terminal(tmp_path: Path, demo: Range) -> None:
    path = tmp_path / "invariants.proposed.yaml"
    evil = json.dumps("must be \x1b[31m\u202e\u2028\n::stop-commands::x {temperature}", ensure_ascii=True)
    whole = demo.whole[path.name]
    line = next(line for line in whole.splitlines() if "message_template: " in line)
    path.write_text(whole.replace(line, f"{line.partition(':')[0]}: {evil}"))
    for words in (("list",), ("explain", "tp_low"), ("export", "--type", "Serve", "--format", "markdown")):
        outcome = lawful(ask((words[0], "--corpus", str(path), *words[1:])))
        assert not any(line.lstrip().startswith("::") for line in outcome.out.splitlines())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain — é ✓\xa0", "plain — é ✓\xa0"),
        ("\x1b[1m", "\\x1b[1m"),
        ("a\u202eb\u2028c\x85\x00\ud800", "a\\u202eb\\u2028c\\x85\\x00\\ud800"),
        ("a\nb", "a\\nb"),
        ("  ::error::x", "  :\\x3aerror::x"),
        ("a ::error::x", "a ::error::x"),
        ("x ##[group]", "x #\\x23[group]"),
    ],
)
def test_what_is_printable_is_shown_as_it_is(text: str, shown: str) -> None:
    assert edge.printable(text) == shown


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_the_cost_of_unknown_keys_is_linear_in_their_number(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({f"temperatur_{number}": number for number in range(20_000)}))
    assert lawful(ask(("check", "--engine", engine, "--format", "json", str(path)))).status in (0, 1)
    # Time on a shared machine says little: what is linear costs four times as much for four times as many.
    checker = Checker.load(engine)
    few, many = ({f"temperatur_{number}": number for number in range(count)} for count in (5_000, 20_000))
    assert _quickest(checker, many) < 10 * _quickest(checker, few)


def _quickest(checker: Checker, config: dict[str, int]) -> float:
    taken = []
    for _ in range(3):
        started = time.process_time()
        checker.check_config(config)
        taken.append(time.process_time() - started)
    return min(taken)


def _with(demo: Range, tmp_path: Path, old: str, new: str) -> str:
    path = tmp_path / "invariants.proposed.yaml"
    whole = demo.whole[path.name]
    assert old in whole
    path.write_text(whole.replace(old, new, 1))
    return str(path)


def test_a_list_of_many_members_is_read_in_linear_time(tmp_path: Path, demo: Range, good: Path) -> None:
    members = ", ".join(map(str, range(200_000)))
    corpus = _with(demo, tmp_path, '{"<": 1}', f"{{not_in: [{members}]}}")
    started = time.process_time()
    lawful_but_slow(("check", "--corpus", corpus, "--type", "Serve", str(good)))
    assert time.process_time() - started < 8  # to read 200,000 entries from YAML takes most of it


def lawful_but_slow(words: tuple[str, ...]) -> Outcome:
    outcome = ask(words)
    assert outcome.status in (0, 1)
    assert not outcome.err
    return outcome


@pytest.mark.parametrize("blanks", [" ", "\n", " \n"])
@pytest.mark.parametrize("around", ["{0}x", "x{0}", "x{0}y{0}z"])
def test_a_template_of_many_blanks_is_read_in_linear_time(
    tmp_path: Path, demo: Range, good: Path, blanks: str, around: str
) -> None:
    whole = demo.whole["invariants.proposed.yaml"]
    line = next(line for line in whole.splitlines() if "message_template: " in line)
    text = around.format(blanks * (60_000 // len(blanks)))
    corpus = _with(demo, tmp_path, line, f"{line.partition(':')[0]}: {json.dumps(text)}")
    lawful(ask(("check", "--corpus", corpus, "--type", "Serve", str(good))))


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", r"^(\\w+)\\s\\1$", r"\\d+x"])
def test_a_pattern_that_may_take_for_ever_is_refused(tmp_path: Path, demo: Range, good: Path, pattern: str) -> None:
    corpus = _with(demo, tmp_path, '{"<": 1}', f'{{matches: "{pattern}"}}')
    outcome = lawful(ask(("check", "--corpus", corpus, "--type", "Serve", str(good))))
    assert outcome.status == 2
    assert "takes linear time" in outcome.err
    assert pattern[:4] in outcome.err


def test_what_nobody_foresaw_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], good: Path
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("by\nzero\x1b[1m")

    monkeypatch.setattr("pytest_llem_invariants.cli.files.in_paths", broken)
    assert main(["check", str(good)]) == 2
    told = "llem-invariants: internal error: ZeroDivisionError: by\\nzero\\x1b[1m — please report it"
    assert capsys.readouterr().err == f"{told} (LLEM_TRACEBACK=1 shows where)\n"
    monkeypatch.setenv(edge.TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        main(["check", str(good)])
    monkeypatch.delenv(edge.TRACEBACK)
    monkeypatch.setattr("miners.ledger.command.run", broken)
    monkeypatch.setattr("miners.ledger.files.load_ledger", broken)
    assert mine(["ledger", "vllm"]) == 2
    assert capsys.readouterr().err.startswith("llem-mine: internal error: ZeroDivisionError")
