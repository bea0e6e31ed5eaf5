"""The page that checks; without JavaScript it says how to do the same at home."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from pytest_llem_invariants.site.frame import CHECKING, Page, Plans
from pytest_llem_invariants.site.library import Library
from pytest_llem_invariants.site.markup import Html, join, tag

_KINDS: Final = (
    ("", "as it looks"),
    ("sh", "command line"),
    ("yaml", "YAML"),
    ("json", "JSON"),
    ("py", "Python"),
    ("dockerfile", "Dockerfile"),
    ("md", "Markdown"),
)
_EXAMPLE: Final = "vllm serve Qwen/Qwen3-8B \\\n  --tensor-parallel-size 3 \\\n  --gpu-memory-utilization 1.5"
_COMMAND: Final = "pip install pytest-llem-invariants\nllem-invariants check serve.yaml"


def pages(library: Library) -> Plans:
    yield "index.html", partial(_page, library)


def _page(library: Library) -> Page:
    body = join(
        (
            tag("h1", "Will this config start?"),
            tag(
                "p",
                "A command line, a serve file, a request, a Kubernetes manifest: checked by rules that were proven "
                "against the live library. What you write stays in this page.",
            ),
            tag(
                "noscript",
                tag("p", "The check needs JavaScript. At home it needs none:"),
                tag("pre", tag("code", _COMMAND)),
            ),
            tag("form", _controls(library), _editor(), id="ask", hidden=True),
            tag("p", "", id="verdict", role="status"),
            tag("ol", id="findings", class_="findings"),
            tag("ul", id="depends", class_="depends"),
            _more(),
        )
    )
    return Page("index.html", "", body, scripts=("check.js",), policy=CHECKING, main="check")


def _editor() -> Html:
    return join(
        (
            tag("label", "Config", for_="text", class_="hidden"),
            tag(
                "div",
                tag("div", "", id="marks", class_="marks", aria_hidden="true"),
                tag(
                    "textarea",
                    "",
                    id="text",
                    spellcheck="false",
                    autocapitalize="off",
                    autocomplete="off",
                    wrap="off",
                    placeholder=_EXAMPLE,
                    rows="10",
                ),
                class_="editor",
                id="editor",
            ),
        )
    )


def _controls(library: Library) -> Html:
    engines = [("", "as it looks"), *((engine.name, engine.name) for engine in library.engines)]
    return tag(
        "div",
        _select("kind", "Kind", _KINDS),
        _select("engine", "Engine", engines),
        tag("fieldset", tag("legend", "Versions"), tag("div", "", id="versions"), class_="versions"),
        _select("gpu", "GPU", (("", "not said"), ("none", "none"))),
        tag("label", "Count ", tag("input", id="count", type="number", min="1", max="1024", value="1")),
        _select("shape", "Model", (("", "not said"), ("own", "its config.json…"))),
        tag("label", "Example ", tag("select", tag("option", "choose…", value=""), id="example")),
        tag(
            "label",
            "For a request: how its server was started ",
            tag("input", id="served", autocomplete="off", spellcheck="false", placeholder="vllm serve MODEL …"),
            class_="wide-label",
        ),
        tag(
            "label",
            "config.json of the model ",
            tag(
                "textarea", "", id="model", rows="6", spellcheck="false", placeholder="paste it, or drop the file here"
            ),
            id="own",
            class_="whole",
            hidden=True,
        ),
        class_="filters",
    )


def _select(name: str, title: str, options: Iterable[tuple[str, str]]) -> Html:
    return tag(
        "label", f"{title} ", tag("select", *(tag("option", said, value=value) for value, said in options), id=name)
    )


def _more() -> Html:
    return join(
        (
            tag(
                "details",
                tag("summary", tag("h2", "Every version on every GPU")),
                tag("div", "", id="grid"),
                id="all",
                hidden=True,
            ),
            tag(
                "details",
                tag("summary", tag("h2", "The answer as JSON, as the command line gives it")),
                tag("pre", tag("code", "", id="json"), tabindex="0"),
                id="raw",
                hidden=True,
            ),
        )
    )
