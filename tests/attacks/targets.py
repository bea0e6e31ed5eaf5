"""What is attacked: valid documents, command lines and files of a corpus, and how each is put to the commands."""

from __future__ import annotations

import contextlib
import io
import json
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.cli import main
from pytest_llem_invariants.cli.formats import FORMATS
from pytest_llem_invariants.ssot import read_ssot
from pytest_llem_invariants.text.terminal import guarded
from tests.attacks.mutations import Damage

LONGEST: Final = 2.0
"""Seconds that any answer may take."""
MOST_MEMORY: Final = 500 * 1024 * 1024

CONFIGS: Final[tuple[dict[str, Any], ...]] = (
    {"model": "m", "tensor-parallel-size": 2, "graphs": True, "max-model-len": "2k"},
    {"temperature": 0.7, "top_p": 0.9, "n": 2, "stop": ["a", "b"], "min_tokens": 1},
    {
        "model": "meta-llama/Llama-3.1-8B",
        "tensor-parallel-size": 4,
        "max-model-len": 8192,
        "gpu-memory-utilization": 0.9,
        "kv-cache-dtype": "fp8",
        "speculative-config": {"method": "ngram", "num_speculative_tokens": 5, "prompt_lookup_max": 4},
        "compilation-config": {"level": 3, "cudagraph_capture_sizes": [1, 2, 4]},
        "hf-overrides.rope_scaling.factor": 2.0,
    },
    {"max_new_tokens": 64, "do_sample": False, "temperature": 0.5, "num_beams": 4, "transformers_version": "5.23.0"},
    {
        "model_type": "llama",
        "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False},
    },
    {"model": "m", "prompt": "hi", "max_tokens": 16, "logprobs": 2, "stream": False, "logit_bias": {"5": 1.0}},
)
COMMANDS: Final[tuple[tuple[str, ...], ...]] = (
    ("vllm", "serve", "m", "--tensor-parallel-size", "2", "--max-model-len", "2k", "--enforce-eager"),
    ("vllm", "serve", "m", "-tp", "4", "--speculative-config", '{"method": "ngram", "num_speculative_tokens": 3}'),
    ("vllm", "serve", "m", "-O3", "--compilation-config.level=3", "--hf-overrides.a.b", "1", "--no-enforce-eager"),
    ("vllm", "serve", "m", "--limit-mm-per-prompt", "image=2", "--served-model-name", "a", "b", "-tp=2"),
)
OPTIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("check", "--engine", "vllm", "--platform", "cuda", "--format", "json", "FILE"),
    ("check", "--engine", "transformers", "--type", "GenerationConfig", "--context", "platform=cpu", "FILE"),
    ("explain", "--engine", "transformers", "some_rule"),
    ("list", "--engine", "transformers", "--type", "GenerationConfig", "--field", "x"),
    ("sweep", "--engine", "transformers", "--type", "GenerationConfig", "--count", "FILE"),
)
MODEL: Final[dict[str, Any]] = {
    "model_type": "llama",
    "num_attention_heads": 32,
    "max_position_embeddings": 4096,
    "rope_scaling": {"rope_type": "default", "factor": 1.0},
    "text_config": {"model_type": "gpt2", "n_head": 12},
    "quantization_config": {"quant_method": "fp8"},
}
TOKENIZER: Final[dict[str, Any]] = {"model_max_length": 2048, "added_tokens_decoder": {"0": {"content": "<s>"}}}
FACTS: Final[dict[str, Any]] = {"model.arch.heads": 32, "device": {"capability": 9.0, "count": 8}, "env.DEMO_SAFE": 1}
ENCODINGS: Final = ("utf-8", "ascii", "latin-1", "utf-8")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one command ended."""

    status: object
    out: str
    err: str
    seconds: float

    def wrong(self) -> str | None:
        """What the law forbids, if it does."""
        if self.status not in (0, 1, 2):
            return f"exit status {self.status!r}"
        if "Traceback" in self.err or "internal error" in self.err:
            return self.err.strip()[-600:]
        if self.status == 2 and not self.err:
            return "trouble without a word"
        if self.seconds > LONGEST:
            return f"{self.seconds:.2f} s"
        shown = self.out + self.err
        odd = {one for one in shown if not one.isprintable() and one not in "\n\u3000\xa0" and not one.isspace()}
        return f"raw characters {odd!r}" if odd or "\r" in shown or "\u2028" in shown else None


class TooLongError(BaseException):
    """Nothing catches it on the way."""


def _stop(*_: object) -> None:
    raise TooLongError


@contextlib.contextmanager
def watched(seconds: float) -> Iterator[None]:
    """An end to what does not end by itself."""
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def ask(words: Sequence[str], encoding: str = "utf-8", given: bytes = b"") -> Outcome:
    """Run a command in this process, on a terminal of that encoding."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2)]
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")
    started = time.process_time()
    status: object
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]), watched(10 * LONGEST):
            try:
                status = main(list(words))
            except SystemExit as leaving:
                status = leaving.code
    except TooLongError:
        status = "does not end"
    finally:
        sys.stdin = before
    seconds = time.process_time() - started
    out, err = (_read(stream, encoding) for stream in streams)
    return Outcome(status, out, err, seconds)


def _read(stream: io.TextIOWrapper, encoding: str) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(encoding, "replace")


def peak_memory() -> int:
    """The most that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Range:
    """A folder with the files of a small engine, in which each is damaged in turn."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "corpora" / "demo"
        files = (path for path in sorted(self.folder.iterdir()) if path.is_file())
        self.whole = {path.name: path.read_text(encoding="utf-8") for path in files}
        self.ssot = (root / "engine_versions" / "demo.yaml").read_text(encoding="utf-8")
        self._texts = (*self.whole.values(), self.ssot, *map(json.dumps, CONFIGS))

    def attack(self, seed: int) -> tuple[str, Outcome]:
        """One attack, by its number: what it was, and how it ended."""
        damage = Damage(seed)
        kind = seed % 10
        if kind < 4:
            return self._config(seed, damage)
        if kind == 4:
            return self._world(damage)
        if kind < 7:
            words = damage.words(damage.choice(COMMANDS))
            command = ["check", "--format", damage.choice(FORMATS), "--", *words]
            return repr(command)[:2_000], ask(command, damage.choice(ENCODINGS))
        if kind == 7:
            return self._options(damage)
        return self._corpus(damage) if damage.chance() < 0.8 else self._ssot(damage)

    def command_of(self, seed: int) -> list[str]:
        """The words of an attack by command line, to be put to a process of its own."""
        words = Damage(seed).words(Damage(seed).choice(COMMANDS))
        return ["check", "--", *(word.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for word in words)]

    def _ssot(self, damage: Damage) -> tuple[str, Outcome]:
        path = self.root / "engine_versions" / "demo.yaml"
        content = damage.text(self.ssot, self._texts)
        path.write_bytes(content)
        streams = io.StringIO(), io.StringIO()
        started = time.process_time()
        try:
            with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]), watched(10 * LONGEST):
                status = guarded("llem-mine", lambda _: 0 * len(read_ssot(path).engine))
        finally:
            path.write_text(self.ssot, encoding="utf-8")
        out, err = (stream.getvalue() for stream in streams)
        return f"demo.yaml {content[:3_000]!r}", Outcome(status, out, err, time.process_time() - started)

    def _world(self, damage: Damage) -> tuple[str, Outcome]:
        """A model's file, or a file of facts."""
        option, name, whole = damage.choice(
            (
                ("--model", "config.json", MODEL),
                ("--model", "tokenizer_config.json", TOKENIZER),
                ("--world", "w", FACTS),
            )
        )
        folder = self.root / "model"
        folder.mkdir(exist_ok=True)
        for file, held in (("config.json", MODEL), ("tokenizer_config.json", TOKENIZER)):
            (folder / file).write_text(json.dumps(held), encoding="utf-8")
        content = (
            json.dumps(damage.data(whole)).encode("utf-8", "surrogatepass")
            if damage.chance() < 0.6
            else damage.text(json.dumps(whole), self._texts)
        )
        (folder / name).write_bytes(content)
        config = self.root / "serve.json"
        config.write_text(json.dumps({"tensor_parallel_size": 3, "offload": 7}), encoding="utf-8")
        given = folder / name if option == "--world" else folder
        words = ["check", "--root", str(self.root), "--engine", "demo", option, str(given), "--verbose", str(config)]
        return f"{words} {content[:2_000]!r}", ask(words, damage.choice(ENCODINGS))

    def _config(self, seed: int, damage: Damage) -> tuple[str, Outcome]:
        config = damage.choice(CONFIGS)
        if damage.chance() < 0.5:
            content = json.dumps(damage.data(config)).encode("utf-8", "surrogatepass")
        else:
            flat = "".join(f"{key}: {json.dumps(value)}\n" for key, value in config.items())
            content = damage.text(damage.choice((json.dumps(config), flat)), self._texts)
        path = self.root / damage.choice(("x.yaml", "x.json"))
        path.write_bytes(content)
        words = ["check", str(path), "--format", damage.choice(FORMATS)]
        if damage.chance() < 0.2:
            words.append("--require-certified")
        if damage.chance() < 0.2:
            words[1] = "-"
        return f"{words} {content[:2_000]!r}", ask(words, damage.choice(ENCODINGS), content)

    def _options(self, damage: Damage) -> tuple[str, Outcome]:
        path = self.root / "grid.yaml"
        path.write_text("temperature: [0, 0.7]\nnum_beams: [1, 2]\n")
        words = damage.words(tuple(str(path) if word == "FILE" else word for word in damage.choice(OPTIONS)))
        return repr(words)[:2_000], ask(words, damage.choice(ENCODINGS))

    def _corpus(self, damage: Damage) -> tuple[str, Outcome]:
        """One file of the corpus is damaged; a command that reads it is asked."""
        name = damage.choice(tuple(self.whole))
        content = damage.text(self.whole[name], self._texts)
        if name.endswith(".json") and damage.chance() < 0.7:
            content = json.dumps(damage.data(json.loads(self.whole[name]))).encode("utf-8", "surrogatepass")
        path = self.folder / name
        path.write_bytes(content)
        corpus = str(self.folder / "invariants.proposed.yaml")
        config = self.root / "good.yaml"
        config.write_text("temperature: 0.5\nn: 2\n")
        words = damage.choice(
            (
                ["check", "--corpus", corpus, "--type", "Sampling", str(config)],
                ["check", "--corpus", corpus, "--type", "Sampling", str(config), "--format", "sarif"],
                ["list", "--corpus", corpus],
                ["explain", "--corpus", corpus, "tp_low"],
                ["export", "--corpus", corpus, "--type", "Sampling"],
                ["export", "--corpus", corpus, "--type", "Sampling", "--format", "markdown"],
            )
        )
        try:
            return f"{name} {words} {content[:3_000]!r}", ask(words, damage.choice(ENCODINGS))
        finally:
            path.write_text(self.whole[name], encoding="utf-8")
