"""What a class says of its fields: attribute docstrings, `Field(description=…)`, and `Args:` sections."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

from miners.surface import modules

_ENTRY = re.compile(r"^(?P<indent>\s+)(?P<name>\w+)\s*(?:\((?P<type>.*?)\))?\s*:\s*(?P<text>.*)$")


def class_description(cls: type) -> str | None:
    """The first paragraph of the class's own docstring."""
    node = modules.class_node(cls)
    text = None if node is None else ast.get_docstring(node)
    return _joined(text.split("\n\n")[0]) if text else None


def field_descriptions(cls: type) -> dict[str, str]:
    """Field name → its description, nearest class first."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        node = modules.class_node(base) if base is not object else None
        if node is not None:
            found.update(_from_arguments(ast.get_docstring(node) or ""))
            found.update(_from_attributes(node))
    infos: dict[str, Any] = getattr(cls, "__pydantic_fields__", {})
    found.update({name: _joined(info.description) for name, info in infos.items() if info.description})
    return found


def _from_attributes(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = _joined(inspect.cleandoc(text))
    return found


def _from_arguments(docstring: str) -> dict[str, str]:
    """Entries such as `top_k (int, *optional*): text` with the deeper-indented lines that follow."""
    found: dict[str, list[str]] = {}
    current: str | None = None
    depth: int | None = None
    for line in docstring.splitlines():
        entry = _ENTRY.match(line)
        if entry and (depth is None or len(entry["indent"]) == depth) and (entry["type"] is not None or depth):
            depth = len(entry["indent"])
            current = entry["name"]
            found[current] = [entry["text"]]
        elif current is not None and line.strip() and len(line) - len(line.lstrip()) > (depth or 0):
            found[current].append(line.strip())
        elif line.strip():
            current = None
            depth = None
    return {name: _joined("\n".join(lines)) for name, lines in found.items() if any(lines)}


def _joined(text: str) -> str:
    return " ".join(text.split())
