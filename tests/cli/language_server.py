"""A client of yaml-language-server over stdio, as far as one document's findings go."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

FIND = 'console.log(require.resolve("yaml-language-server/bin/yaml-language-server"))'


def server(node: str) -> str | None:
    """Where node finds the server."""
    done = subprocess.run([node, "-e", FIND], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


class Client:
    """One server and one document."""

    def __init__(self, node: str, program: str) -> None:
        self._process = subprocess.Popen([node, program, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def findings(self, schema: Path, text: str) -> list[tuple[int, str]]:
        """Line and message of each finding in a document that is to fit a schema."""
        yaml = {"schemas": {schema.as_uri(): "*"}, "schemaStore": {"enable": False}, "validate": True}
        self._send(id=1, method="initialize", params={"processId": None, "rootUri": None, "capabilities": {}})
        self._until(lambda told: told.get("id") == 1)
        self._send(method="initialized", params={})
        self._send(method="workspace/didChangeConfiguration", params={"settings": {"yaml": yaml}})
        document = {"uri": "file:///serve.yaml", "languageId": "yaml", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        told = self._until(lambda told: told.get("method") == "textDocument/publishDiagnostics", yaml)
        found = [(one["range"]["start"]["line"], one["message"]) for one in told["params"]["diagnostics"]]
        return sorted(found)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _until(self, wanted: Any, yaml: Any = None) -> dict[str, Any]:
        while not wanted(told := self._receive()):
            if "id" in told and "method" in told:  # a question of the server
                items = told["params"].get("items", ())
                answer = [yaml if one.get("section") == "yaml" else {} for one in items]
                self._send(id=told["id"], result=answer if told["method"] == "workspace/configuration" else None)
        return told

    def _send(self, **message: Any) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        size = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        assert size, "the server has ended"
        told: dict[str, Any] = json.loads(self._process.stdout.read(size))
        return told
