"""What the site looks like: screenshots of a small one, held beside those kept in `shots/`.

`LLEM_KEEP_SHOTS=1` keeps what is seen: for a change of the looks that was meant, and looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from pytest_llem_invariants.cli.asking import answer
from pytest_llem_invariants.site import bundle
from pytest_llem_invariants.site.building import plans
from pytest_llem_invariants.site.library import read_library
from pytest_llem_invariants.site.serving import Made, Server, answering
from tests.checker.demo import install
from tests.site.browser import CHROMIUM, HERE, MODULES, NODE, beside_modules, needs_browser, needs_node

KEPT: Final = HERE / "shots"
LARGEST_SHARE: Final = 0.015
"""Of the cells of a picture. Measured: another font 0.004, a narrower column 0.011 to 0.12, no style 0.03 to 0.2."""
PAGES: Final = {
    "check": {"path": "index.html", "text": "temperature: -1\nn: 0\n"},
    "rules": {"path": "rules/index.html"},
    "rule": {"path": "rules/demo/temperature_below_0.html"},
    "field": {"path": "fields/demo/demo.Sampling/temperature.html"},
    "versions": {"path": "versions/index.html"},
    "coverage": {"path": "coverage/index.html"},
}


@needs_node
@needs_browser
def test_the_pages_look_as_they_did(tmp_path: Path) -> None:
    root = str(install(tmp_path / "root"))
    site = dict(plans(read_library(root)))
    of_page = site[bundle.SITE]
    made = Made({**site, bundle.SITE: lambda: answering(of_page())}.items())
    keeps = bool(os.environ.get("LLEM_KEEP_SHOTS"))
    with Server(0, made.read, lambda asked: answer(asked, str(tmp_path), root)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            with beside_modules("shots.mjs") as script:
                words = [str(NODE), script, server.address, str(CHROMIUM), str(KEPT), str(KEPT if keeps else tmp_path)]
                done = subprocess.run(
                    [*words, json.dumps(PAGES)],
                    capture_output=True,
                    text=True,
                    timeout=300,
                    check=False,
                    cwd=MODULES.parent,
                )
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 0, done.stderr[-2_000:]
    shares = json.loads(done.stdout)
    print(shares)
    assert len(shares) == 3 * len(PAGES)
    if not keeps:
        other = {name: round(share, 3) for name, share in shares.items() if share > LARGEST_SHARE}
        assert not other, f"looks otherwise than in {KEPT}, by share: {other} — the new ones lie in {tmp_path}"


@needs_node
@needs_browser
@pytest.mark.parametrize("name", [f"{page}-800-dark.png" for page in PAGES])
def test_every_page_has_a_kept_picture(name: str) -> None:
    assert (KEPT / name).is_file()
