"""`llem-invariants mcp`: a server of the Model Context Protocol over stdin and stdout, on its official SDK."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from pytest_llem_invariants.cli.agents import Agents
from pytest_llem_invariants.errors import LlemError

_INSTRUCTIONS = """\
Checks configs of LLM inference engines (vLLM, transformers, TensorRT-LLM) by rules proven against the library.
Check what you write before you hand it over; a finding has its line, the library's message and the fix.
"depends" is no error: it says which facts (model, GPU, environment) would decide."""


def run(options: argparse.Namespace) -> int:
    server(Agents(options.root)).run("stdio")
    return 0


def server(agents: Agents) -> Any:
    """The server with its tools, none of which changes anything."""
    try:
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.types import ToolAnnotations
    except ImportError as error:
        fix = "pip install 'pytest-llem-invariants[mcp]'"
        raise LlemError(f"this needs the SDK of the Model Context Protocol, version 2 or later — {fix}") from error

    def telling(tool: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(tool)
        def told(*args: Any, **given: Any) -> Any:
            try:
                return tool(*args, **given)
            except LlemError as error:
                raise ToolError(str(error)) from error

        return told

    made = MCPServer(
        "llem-invariants",
        instructions=_INSTRUCTIONS,
        version=version("pytest-llem-invariants"),
        log_level="ERROR",
    )
    for tool in (agents.check, agents.explain, agents.diff):
        hints = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
        made.add_tool(telling(tool), description=tool.__doc__, annotations=hints)
    return made
