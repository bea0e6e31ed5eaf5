"""The options of the command line."""

from __future__ import annotations

import argparse
import sys

from pytest_llem_invariants.cli.formats import FORMATS
from pytest_llem_invariants.process.arguments import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INTRODUCTION = """\
Will this engine accept my config? Answered in milliseconds, from rules that were proven against the live library;
the engine need not be installed."""

_EXAMPLES = """\
examples:
  llem-invariants check serve.yaml                        a `vllm serve --config` file
  llem-invariants check model/generation_config.json      what transformers would say
  llem-invariants check --model Qwen3-8B/ --gpu H100:2 serve.yaml
  llem-invariants check -- vllm serve M -tp 0             a command line
  cat request.json | llem-invariants check --engine vllm -
  llem-invariants fit --model Qwen3-8B/ --gpu L4 -- vllm serve M --max-model-len 32768
  llem-invariants explain RULE                            when, where, why, and how to fix it
  llem-invariants sweep --engine vllm grid.yaml           the valid combinations of a grid
  llem-invariants diff vllm 0.19.1 0.32.0 --config serve.yaml

exit status: 0 accepted, or it depends on facts that are not given; 1 rejected; 2 the question cannot be answered
(no such file, unknown engine, not a mapping).
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """One is made for every argument that is declared; asking each for the terminal's width costs 3 ms."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)


def parse(argv: list[str]) -> argparse.Namespace:
    """The options, with `run` set to the command's function and `words` to what follows `--`."""
    words: list[str] = []
    if argv[:1] in (["check"], ["fit"]) and "--" in argv:
        split = argv.index("--")
        argv, words = argv[:split], argv[split + 1 :]
    options = _parser(argv[:1]).parse_args(argv)
    options.words = words
    return options


def _parser(first: list[str]) -> argparse.ArgumentParser:
    """With the command that the first word names, or with all where it names none: each takes its time."""
    parser = Parser(
        prog="llem-invariants",
        description=_INTRODUCTION,
        epilog=_EXAMPLES,
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    every = (_check, _fit, _explain, _list, _diff, _upgrade, _export, _sweep, _site, _serve, _compile, _mcp)
    named = [declare for declare in every if [declare.__name__[1:]] == first]
    for declare in named or every:
        declare(commands)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        parser.exit(0, f"llem-invariants {version('pytest-llem-invariants')}\n")


def _command(commands: Any, name: str, summary: str, module: str, epilog: str | None = None) -> Any:
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=_Formatter,
    )

    def run(options: argparse.Namespace) -> int:
        import importlib

        status: int = importlib.import_module(f"pytest_llem_invariants.cli.{module}").run(options)
        return status

    command.set_defaults(run=run)
    return command


def _source(command: Any) -> None:
    group = command.add_argument_group("which rules")
    group.add_argument("--engine", metavar="E", help="the engine (default: guessed from the keys)")
    group.add_argument("--engine-version", metavar="V", help="an earlier version of the library")
    group.add_argument("--corpus", metavar="FILE", help="your own invariants.proposed.yaml")
    _root(group)


def _root(command: Any) -> None:
    command.add_argument(
        "--root",
        metavar="DIR",
        help="use the corpora of this folder (with engine_versions/ and corpora/), not the packaged ones",
    )


def _surroundings(command: Any, *, of_several: bool = False) -> None:
    group = command.add_argument_group("where it would run")
    group.add_argument(
        "--model",
        metavar="DIR",
        help="the model: its folder, its config.json, or an id in the local Hugging Face cache"
        " (default: the config's own, if it is there)",
    )
    group.add_argument(
        "--download",
        action="store_true",
        help="fetch the files that tell about the model from the Hugging Face hub, not its weights",
    )
    group.add_argument(
        "--gpu",
        metavar="SPEC",
        action="append" if of_several else "store",
        help="H100:8, RTX 4090:2, 9.0:8:80 (capability:count:GiB), none, this" + ("; may be repeated" * of_several),
    )
    group.add_argument("--platform", metavar="P", help="the platform, as the engine names it: cpu, cuda, …")
    group.add_argument(
        "--env", metavar="NAME=VALUE", action="append", default=[], help="an environment variable of the engine"
    )
    group.add_argument(
        "--package", metavar="NAME[==V]", action="append", default=[], help="an installed package; may be repeated"
    )
    group.add_argument(
        "--served",
        metavar="FILE|COMMAND",
        help="for a request: the serve file, script or command line with which the server was started",
    )
    group.add_argument("--world", metavar="FILE", help="facts by their names, as YAML or JSON")
    group.add_argument(
        "--context",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="any other fact outside the config; may be repeated",
    )


def _fixing(command: Any) -> None:
    group = command.add_argument_group("what to change")
    group.add_argument("--fix", action="store_true", help="change in the files what is certain, and check them again")
    group.add_argument("--diff", action="store_true", help="with --fix: show the changes, and write nothing")


def _check(commands: Any) -> None:
    command = _command(
        commands,
        "check",
        "check config files, or a command line after `--`",
        "check",
        "`certification` grades the evidence: `full` means that the last complete replay proved every rule.",
    )
    command.add_argument(
        "files", metavar="PATH", nargs="*", help="a file, a folder, or a pattern; `-` reads standard input"
    )
    _source(command)
    _surroundings(command)
    _fixing(command)
    command.add_argument("--type", metavar="CLASS", help="the keys are keyword arguments of this class")
    command.add_argument("--format", choices=FORMATS, default=FORMATS[0], help="output format (default: text)")
    command.add_argument("--summary", metavar="FILE", help="also append a table in Markdown to this file")
    command.add_argument("--sarif", metavar="FILE", help="also write the findings to this file as SARIF")
    command.add_argument(
        "--require-certified", action="store_true", help="also fail if the certification is not `full`"
    )
    command.add_argument(
        "--require-decided", action="store_true", help="also fail if it depends on facts that are not given"
    )
    command.add_argument(
        "--skip-others", action="store_true", help="no error: a file that was named and holds no engine config"
    )
    command.add_argument("--explain-skipped", action="store_true", help="tell why files were not checked")
    command.add_argument("--strict", action="store_true", help="fail on warnings as well")
    command.add_argument("--verbose", action="store_true", help="also show each rule that facts decide")
    command.add_argument("--color", choices=("auto", "always", "never"), default="auto", help=argparse.SUPPRESS)


def _fit(commands: Any) -> None:
    command = _command(
        commands,
        "fit",
        "say whether a model fits: weights, caches, the longest request",
        "fitting",
        "Weights and caches are exact; activations, graphs and libraries are estimated, so that there are two bounds.\n"
        "exit status: 0 it fits or is close, 1 it does not fit, 2 not known",
    )
    command.add_argument("file", metavar="FILE", nargs="?", help="YAML or JSON; `-` reads standard input")
    _source(command)
    _surroundings(command)
    command.add_argument("--type", metavar="CLASS", help="the keys are keyword arguments of this class")
    command.add_argument("--format", choices=("text", "json"), default="text", help="output format (default: text)")


def _explain(commands: Any) -> None:
    command = _command(commands, "explain", "show everything known about one rule", "explain")
    command.add_argument("rule", metavar="RULE", help="the id of a rule, as `check` and `list` show it")
    _source(command)


def _list(commands: Any) -> None:
    command = _command(commands, "list", "list engines, and with --engine their rules", "listing")
    _source(command)
    command.add_argument("--type", metavar="CLASS", help="only the rules of this class")
    command.add_argument("--field", metavar="FIELD", help="only the rules that read this field")
    command.add_argument("--format", choices=("text", "json"), default="text")


def _diff(commands: Any) -> None:
    command = _command(commands, "diff", "show what changed between two versions of an engine", "diff")
    command.add_argument("engine", metavar="ENGINE")
    command.add_argument("old", metavar="V1")
    command.add_argument("new", metavar="V2")
    command.add_argument("--config", metavar="FILE", help="also show what breaks in this config")
    _root(command)
    command.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    command.add_argument("--verbose", action="store_true", help="list everything, not the first of each kind")
    _surroundings(command)


def _upgrade(commands: Any) -> None:
    command = _command(commands, "upgrade", "show what another version makes of the configs in files", "upgrading")
    command.add_argument("files", metavar="PATH", nargs="+", help="a file, a folder, or a pattern")
    command.add_argument("--from", dest="old", metavar="V1", required=True, help="the version that runs now")
    command.add_argument("--to", dest="new", metavar="V2", required=True, help="the version to come")
    command.add_argument("--engine", metavar="E", help="the engine (default: the one that has both versions)")
    _root(command)
    _surroundings(command)
    _fixing(command)
    command.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    command.set_defaults(type=None, corpus=None)


def _export(commands: Any) -> None:
    command = _command(commands, "export", "export the rules as JSON Schema, pydantic models or Markdown", "export")
    _source(command)
    command.add_argument("--format", choices=("json-schema", "pydantic", "markdown"), default="json-schema")
    command.add_argument(
        "--type", metavar="CLASS", help="the class, or a form such as serve (default: the front class)"
    )
    command.add_argument(
        "--list-unsupported", action="store_true", help="list the rules that JSON Schema cannot express"
    )
    command.add_argument(
        "--slim", action="store_true", help="a small JSON Schema of a form for editors: each field alone"
    )
    command.add_argument("--to", metavar="DIR", help="with --slim: write those of all forms, and a catalogue of them")
    command.add_argument("--url", metavar="URL", help="with --to: where the folder will be found (default: file:…)")


def _sweep(commands: Any) -> None:
    command = _command(
        commands,
        "sweep",
        "list the valid combinations of a grid of values",
        "sweeping",
        "A grid maps fields to lists of values. Fields under `zip` vary together; a mapping is a nested config.\n\n"
        "  temperature: [0, 0.7, 1]\n"
        "  top_p: [0.9, 1.0]\n"
        "  zip:\n    min_tokens: [0, 10]\n    max_tokens: [16, 32]\n",
    )
    command.add_argument("file", metavar="GRID", help="YAML or JSON; `-` reads standard input")
    _source(command)
    _surroundings(command, of_several=True)
    command.add_argument("--type", metavar="CLASS", help="the class whose fields the grid names")
    command.add_argument("--count", action="store_true", help="print only the counts")
    command.add_argument("--format", choices=("text", "json"), default="text", help="json: one combination per line")


def _site(commands: Any) -> None:
    command = _command(commands, "site", "make the explorer: static pages of all rules, and a page that checks", "site")
    command.add_argument("--out", metavar="DIR", required=True, help="a new folder, or the site that it replaces")
    command.add_argument(
        "--pyodide",
        metavar="DIR",
        help="the folder of the npm package pyodide, by which a page runs the checker (default: fetched with npm);"
        " `none` makes a site that does not check",
    )
    _root(command)


def _serve(commands: Any) -> None:
    command = _command(
        commands, "serve", "show the explorer on this machine alone, with this checker behind it", "serve"
    )
    command.add_argument("--port", metavar="N", type=int, default=8421, help="default: 8421; 0 takes any that is free")
    _root(command)


def _compile(commands: Any) -> None:
    command = _command(
        commands, "compile", "compile the corpora into the cache, from which `check` reads them", "compiling"
    )
    command.add_argument("engines", metavar="ENGINE", nargs="*", help="default: all")
    command.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a compiled corpus is missing or stale"
    )
    _root(command)


def _mcp(commands: Any) -> None:
    command = _command(
        commands, "mcp", "answer an agent's questions over stdin and stdout (Model Context Protocol)", "agent_server"
    )
    _root(command)


def stdout_is_terminal(choice: str = "auto") -> bool:
    """Whether to write colours."""
    import os

    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
