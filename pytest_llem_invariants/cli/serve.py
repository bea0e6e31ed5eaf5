"""`llem-invariants serve`: the explorer on loopback, with this Python behind its check."""

from __future__ import annotations

import argparse
import tempfile

from pytest_llem_invariants.checker.checker import keep
from pytest_llem_invariants.cli.asking import answer
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.site import bundle
from pytest_llem_invariants.site.building import plans
from pytest_llem_invariants.site.library import read_library
from pytest_llem_invariants.site.serving import Made, Server, answering
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    site = dict(plans(read_library(options.root)))
    of_page = site[bundle.SITE]
    made = Made({**site, bundle.SITE: lambda: answering(of_page())}.items())
    keep()
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = Server(options.port, made.read, lambda asked: answer(asked, folder, options.root))
        except OSError as error:
            raise LlemError(
                f"port {options.port} cannot be used: {error.strerror} — name another with --port"
            ) from error
        with server:
            say(f"{server.address} — stop it with Ctrl-C", flush=True)
            server.serve_forever()
    return 0
