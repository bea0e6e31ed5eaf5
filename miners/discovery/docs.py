"""The documentation of fields: attribute docstrings, `Field(description=…)`, and `Args:` sections."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from miners.surface import modules

_ENTRY: Final = re.compile(r"^(?P<indent>\s+)`?(?P<name>\w+)`?\s*(?:\((?P<type>.*)\))?\s*:(?:\s+(?P<text>.*))?$")
_CODE: Final = re.compile(r"`+([^`]+)`+")
_DEFAULT: Final = re.compile(r"\bdefaults? to\s+(.+)$", re.IGNORECASE)


@final
@dataclass(frozen=True, slots=True)
class FieldDoc:
    """The documentation of a field; nothing enforces it."""

    text: str
    type: str | None = None
    default: str | None = None
    deprecated: str | None = None
    """The deprecation note of the declaration itself."""


def class_nodes(cls: type) -> tuple[ast.ClassDef, ...]:
    """The statements of a class and its bases, the class itself first."""
    found = (modules.class_node(base) for base in cls.__mro__ if base is not object)
    return tuple(node for node in found if node is not None)


def class_description(node: ast.ClassDef | None) -> str | None:
    """The first paragraph of the class's own docstring."""
    text = None if node is None else ast.get_docstring(node)
    return _joined(text.split("\n\n")[0]) if text else None


def field_docs(nodes: Sequence[ast.ClassDef], infos: Mapping[str, Any]) -> dict[str, FieldDoc]:
    """Field name → its documentation, from the nearest class. `infos` are pydantic's; they win over docstrings."""
    found: dict[str, FieldDoc] = {}
    for node in reversed(nodes):
        found.update(_from_arguments(ast.get_docstring(node) or ""))
        found.update(_from_arguments(_constructor_docstring(node)))
        found.update({name: FieldDoc(text) for name, text in _from_attributes(node)})
    for name, info in infos.items():
        if info.description:
            found[name] = FieldDoc(_joined(info.description))
        declared = getattr(info, "deprecated", None)
        if declared:
            said = declared if isinstance(declared, str) else getattr(declared, "message", "")
            found[name] = replace(found.get(name, FieldDoc("")), deprecated=_joined(said))
    return found


def _constructor_docstring(node: ast.ClassDef) -> str:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return ast.get_docstring(statement) or ""
    return ""


def _from_attributes(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for statement, following in zip(node.body, node.body[1:], strict=False):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found.append((name, _joined(inspect.cleandoc(text))))
    return found


def _from_arguments(docstring: str) -> dict[str, FieldDoc]:
    """Entries such as `top_k (int, *optional*): text`, with the deeper-indented lines below them."""
    entries: dict[str, tuple[str | None, list[str]]] = {}
    current: str | None = None
    depth: int | None = None
    for line in docstring.splitlines():
        entry = _ENTRY.match(line)
        indent = len(line) - len(line.lstrip())
        if entry and (depth is None or indent == depth) and (entry["type"] is not None or depth):
            depth, current = indent, entry["name"]
            entries[current] = (entry["type"], [entry["text"] or ""])
        elif current is not None and line.strip() and indent > (depth or 0):
            entries[current][1].append(line.strip())
        elif line.strip():
            current = depth = None
    return {
        name: FieldDoc(_joined(" ".join(lines)), _documented_type(head), _documented_default(head))
        for name, (head, lines) in entries.items()
        if any(lines)
    }


def _documented_type(head: str | None) -> str | None:
    """The types written as code before the default; else the first word."""
    if not head:
        return None
    before = _DEFAULT.sub("", head)
    codes = [code.strip() for code in _CODE.findall(before)]
    if codes:
        return " | ".join(dict.fromkeys(codes))
    first = before.split(",")[0].strip()
    return first if first and "*" not in first else None


def _documented_default(head: str | None) -> str | None:
    found = _DEFAULT.search(head or "")
    if found is None:
        return None
    code = _CODE.search(found[1])
    return (code[1] if code else found[1]).strip() or None


def _joined(text: str) -> str:
    return " ".join(text.split())
