"""Files that are broken in any way: a reader gives what it found, and never falls over."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.readers.registry import READERS, read, reader_of
from tests.readers.conftest import KNOWN

SEEDS = {
    "a.yaml": """\
{{- if .x }}
spec: &s
  <<: *s
  containers:
    - name: a
      image: "vllm/vllm-openai:{{ .tag }}"
      command: [bash, -c]
      args:
        - |
          vllm serve m --a "${B:-$(c)}" <<EOF
    - {name: b, image: vllm/vllm-openai:v0.1, args: [--x, '{"a": 1}'], env: [{name: A, value: $(B)}]}
  vllm_config: {prefill: {a: 1}, decode: {b: [2]}}
  serve: |
    engine_kwargs: {a: ${B}}
---
model: {base_args: [--a], model_id: m}
features: {x: {args: [--b 1]}}
""",
    "a.sh": """\
if [ -n x ]; then A=(--a "$B"); fi
for i in 1; do X=${Y:-${Z}}; done
vllm serve m "${A[@]}" \\
 --b '{"c": 1}' <<EOF | tee &
vllm
EOF
eval "vllm serve $(x `y`) "
docker run -e A=1 vllm/vllm-openai:v1 --x
""",
    "a.md": """\
# vllm
```bash
$ vllm serve <m> --a
```
~~~yaml
engine_kwargs: {a: 1}
~~~
```python
from vllm import LLM
LLM('m')
```
""",
    "a.py": "from vllm import LLM\nA = {'a': [1, -2]}\nLLM('m', b=A, **A)\nx = ['vllm', 'serve', 'm', *y, f'{z}']\n",
    "a.ipynb": '{"cells": [{"cell_type": "code", "source": ["!vllm serve m --a\\n", "LLM(\\"m\\")"]}]}',
    "Dockerfile": 'FROM vllm/vllm-openai:v1 AS x\nENV A=1 \\\n  B=2\nENTRYPOINT ["vllm", "serve"]\nCMD ["m", "--a"]\n',
    "a.service": (
        "[Service]\nEnvironment=A=1 'B=2 3'\nImage=vllm/vllm-openai:v1\nExec=--a %i\n"
        "ExecStart=-/b/vllm serve m \\\n# x\n --a ${A}\n"
    ),
    "Makefile": (
        "A ?= 1\nB := $(A) \\\n --b\nexport C = $(shell x)\nifdef A\nB += c\nendif\n"
        "all: $(A)\n\t@vllm serve $(B) --a $$C ${A} \\\n\t --c $@\ndefine X\nendef\n"
    ),
    "justfile": (
        "a := 'x'\nb := env('C', \"2\")\nrun a='1' *b:\n    @vllm serve {{a}} \\\n      --b {{ b }} {{ f(a) }}\n"
        "other:\n  #!/bin/sh\n  vllm serve m --a\n"
    ),
    "a.j2": "#!/bin/sh\n{% if x %}\nvllm serve {{ m }} --a {% endif %}\n",
}
PIECES = [
    "{{",
    "}}",
    "'",
    '"',
    "`",
    "$(",
    "${",
    "\\",
    "\n",
    "[",
    "{",
    "&a",
    "*a",
    "<<EOF",
    "```",
    "- ",
    ": ",
    "\x00",
    "\ue000",
    "(",
    "|",
]


NUMBER = int(os.environ.get("LLEM_MUTATED", "150"))
"""How many mutated files each reader gets; LLEM_MUTATED_FROM names a folder whose files are mutated as well."""
FOLDER = os.environ.get("LLEM_MUTATED_FROM")
_LARGEST = 40_000


def seeds_of(name: str) -> list[str]:
    """Our own file of a kind, and those of a folder that somebody named."""
    files = sorted(Path(FOLDER).rglob("*")) if FOLDER else []
    same = [path for path in files if path.is_file() and reader_of(path.name) is reader_of(name)]
    return [SEEDS[name], *(path.read_text("utf-8-sig") for path in same if path.stat().st_size < _LARGEST)]


def mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 6)):
        at, to = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            text = text[:at] + chance.choice(PIECES) * chance.randint(1, 3) + text[at:]
        elif kind == 1:
            text = text[: min(at, to)] + text[max(at, to) :]
        elif kind == 2:
            text = text[:at] + text[min(at, to) : max(at, to)] + text[at:]
        else:
            text = text[:at] + chr(chance.randrange(1, 0x2FF)) + text[at + 1 :]
    return text or "vllm"


def test_every_reader_has_a_seed() -> None:
    assert len({id(reader) for reader in READERS}) == len(SEEDS)


@pytest.mark.parametrize("name", SEEDS)
def test_a_mutated_file_is_read_or_not_but_quickly(name: str) -> None:
    chance = random.Random(name)
    seeds = seeds_of(name)
    for _ in range(NUMBER):
        text = mutated(chance.choice(seeds), chance)
        begun = time.process_time()
        for found in read(name, text, KNOWN, is_named=True):
            assert found.place[0] >= 1
            assert found.place[1] >= 1
        assert time.process_time() - begun < 2, text


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("piece", [*PIECES, "vllm serve ", "${A:-", "- a: ", "A=(", "{{ if }}\n", "containers:\n"])
def test_the_same_again_and_again_takes_no_longer_than_it_is_long(name: str, piece: str) -> None:
    begun = time.process_time()
    read(name, "vllm serve m --a\n" + piece * 4_000, KNOWN, is_named=True)
    assert time.process_time() - begun < 2


@settings(max_examples=50)
@given(st.text(), st.sampled_from(sorted(SEEDS)))
def test_any_text_is_read(text: str, name: str) -> None:
    read(name, f"vllm\n{text}", KNOWN, is_named=True)
