"""Commands that a program puts together: f-strings, and lists that grow."""

from __future__ import annotations

import pytest

from tests.readers.conftest import Look, line


def test_an_f_string_is_a_line_whose_parts_may_be_unknown(look: Look) -> None:
    text = """\
        PORT = 8000
        run(f"vllm serve {model} --dtype half --port {PORT} --max-model-len {length}")
        run(f"vllm serve m --json {{}} {more} --seed={seed}")
        print(f"vllm serve {model}")
        """
    first, second = look("start.py", text)
    assert line(first) == "vllm serve <…> --dtype half --port 8000 --max-model-len <…>"
    assert line(second) == "vllm serve m --json {} <…> <--seed=…>"
    assert first.place == (2, 5)
    assert [word.several for word in first.words] == [False, False, True, False, False, False, False, False, True]


def test_a_list_has_what_is_put_behind_it(look: Look) -> None:
    text = """\
        import subprocess, sys
        def start(model, fast, more):
            cmd = ["vllm", "serve", model, f"--port={port}"] + more
            cmd += ["--seed", "1"]
            if fast:
                cmd.append("--enforce-eager")
            else:
                cmd.extend(["--dtype", "half"])
            with open("log") as log:
                cmd.append(f"--tensor-parallel-size={gpus}")
            cmd.extend(others())
            cmd = cmd + ["--max-num-seqs", str(n)]
            for one in more:
                cmd += ("--lora", one)
            subprocess.run(cmd)
            cmd = ["ls"]
            cmd.append("--not-of-it")
        """
    (found,) = look("start.py", text)
    assert line(found) == (
        "vllm serve <…> <--port=…> <*> --seed 1 <--enforce-eager> <--dtype> <half> <--tensor-parallel-size=…> <*> "
        "--max-num-seqs <…> <--lora> <…>"
    )
    assert found.words[5].place == (4, 13)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = ['vllm', 'serve', 'm']\ndef f():\n  a = []\n  a.append('--seed')\n", "vllm serve m"),
        ("a = ['vllm', 'serve', 'm']\na.insert(2, '--x')\na.append('--y')\n", "vllm serve m <*> --y"),
        ("if q:\n  a = ['vllm', 'serve', 'm']\nelse:\n  a = ['x']\n  a += ['--x']\na += ['--y']\n", "vllm serve m --y"),
        ("a.cmd = ['vllm', 'serve', 'm']\na.append('--x')\n", "vllm serve m"),
        ("run(['vllm', 'serve', 'm'] + x + ['--y'])\n", "vllm serve m <*> --y"),
        ("run(['bash', '-c', f'cd {d} && vllm serve m --seed {n}'])\n", "vllm serve m --seed <…>"),
        ("try:\n  a = ['vllm', 'serve', 'm']\nexcept E:\n  a.append('--x')\n", "vllm serve m"),
    ],
)
def test_only_what_is_done_to_the_same_list(look: Look, text: str, told: str) -> None:
    (found,) = look("start.py", text)
    assert line(found) == told


def test_a_list_behind_others_starts_nothing(look: Look) -> None:
    assert look("a.py", "names = ['a'] + ['vllm']\nother = ['serve'] + names\ntext = f'{a}vllm serve m --x'\n") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a += ['--seed 1', c]\nrun(' '.join(a), shell=True)\n", "vllm serve m --seed 1 <…>"),
        ("if x: a.append('--seed 1')\nos.system(' '.join(a))\n", "vllm serve m <…>"),
        ("a += ['--seed 1']\nprint(' '.join(a))\n", "vllm serve m --seed 1"),
        ("a += [f'--name={n}', \"'{}'\"]\nrun(' '.join(a), shell=True)\n", "vllm serve m <--name=…> {}"),
    ],
)
def test_a_list_that_becomes_a_line_of_a_shell_is_split_at_blanks(look: Look, text: str, told: str) -> None:
    (found,) = look("start.py", "a = ['vllm', 'serve', 'm']\n" + text)
    assert line(found) == told
    assert ("--seed 1" in found.words) == ("print" in text)
