"""A small library written into a folder, with the SSOT that describes it: every way of misbehaving on request."""

from __future__ import annotations

import textwrap
from pathlib import Path

SOURCE = """
import ctypes, functools, logging, logging.config, os, random, sys, threading, time, warnings
from dataclasses import dataclass
from enum import Enum

logger = logging.getLogger("fakelib.core")
set_up_at = None

@functools.lru_cache(None)
def warning_once(message):
    logger.warning(message)

class FieldError(ValueError):
    def __init__(self, text, parameter=None):
        super().__init__(text)
        self.parameter = parameter

class Mode(Enum):
    FAST = "fast"

@dataclass
class Inner:
    size: int = 1
    def __post_init__(self):
        self.size = min(self.size, 10)

class Config:
    def __init__(self, **given):
        self.__dict__.update(given)
        self.mode = Mode(self.mode) if hasattr(self, "mode") else Mode.FAST
        self.ratio = max(given.get("ratio", 1.0), 0.5)
        for name in list(given):
            act = getattr(self, "_do_" + name, None)
            if act is not None:
                act(given[name])

    def validate(self, strict=False):
        issues = {}
        if self.__dict__.get("odd"):
            issues["odd"] = "odd is ignored here"
        if strict and issues:
            raise ValueError("invalid:\\n" + "\\n".join(f"- `{k}`: {v}" for k, v in issues.items()))

    def _do_count(self, value):
        if value < 0:
            raise FieldError(f"count must be at least 0, not {value}", parameter="count")
    def _do_wait(self, value):
        time.sleep(value)
        raise ValueError("nobody answered")
    def _do_package(self, value):
        import a_package_that_is_nowhere
    def _do_undefined(self, value):
        not_defined
    def _do_needs(self, value):
        raise ValueError("this needs gizmo to be installed")
    def _do_leave(self, value):
        sys.exit(3)
    def _do_warn(self, value):
        warnings.warn(value)
    def _do_log(self, value):
        logger.warning(value)
    def _do_once(self, value):
        warning_once(value)
    def _do_info(self, value):
        logger.info(value)
    def _do_environ(self, value):
        os.environ["FAKELIB"] = value
        os.environ.pop("HOME", None)
    def _do_showwarning(self, value):
        warnings.showwarning = print
        warnings.simplefilter("ignore")
    def _do_rng(self, value):
        random.seed(value)
    def _do_cwd(self, value):
        os.chdir(value)
    def _do_path(self, value):
        sys.path = [value]
    def _do_handlers(self, value):
        root = logging.getLogger("fakelib")
        root.setLevel(logging.CRITICAL)
        root.addHandler(logging.NullHandler())
        root.propagate = False
    def _do_set_up(self, level):
        global set_up_at
        if level != set_up_at:
            parts = {"version": 1, "disable_existing_loggers": False, "loggers": {"fakelib": {"level": level}}}
            logging.config.dictConfig(parts)
            set_up_at = level
        logger.warning("set up")
    def _do_flood(self, value):
        chunk = b"x" * (1 << 20)
        for _ in range(value):
            os.write(1, chunk)
            sys.stderr.write("y" * 1000)
            sys.stdout.buffer.write(b"z" * 1000)
        print(sys.stdout.fileno(), "\\ud800", flush=True)
    def _do_thread(self, value):
        threading.Thread(target=time.sleep, args=(value,), daemon=True).start()
    def _do_hang(self, value):
        while True:
            time.sleep(0.01)
    def _do_segfault(self, value):
        ctypes.string_at(0)
    def _do_exit(self, value):
        os._exit(value)
    def _do_memory(self, value):
        self.hoard = [bytearray(1 << 28) for _ in range(10_000)]
    def _do_recurse(self, value):
        self._do_recurse(value)
    def _do_message(self, value):
        raise ValueError(value)
    def _do_show_env(self, value):
        raise ValueError("SWITCH=" + os.environ.get("SWITCH", "unset"))

class Needy:
    def __init__(self, size, inner=None):
        if not isinstance(size, int):
            raise TypeError("size must be an int")
        self.size = size
        self.inner = inner

class Whole:
    def __init__(self, config):
        self.config_part = Inner(config.size)

class Args:
    def __init__(self, size=1):
        self.size = size
    def create(self):
        return Whole(self)
"""

SSOT = """
engine: fake
library: fakelib
version: "1.0"
image: null
miner_pins: {invariants: ">=1"}
native_types:
  fakelib.Config:
    class: fakelib.core:Config
    validate: [validate]
    strict: [{method: validate, kwargs: {strict: true}}]
  fakelib.Needy:
    class: fakelib.core:Needy
    base_kwargs: {size: 3, inner: {$type: fakelib.Inner, kwargs: {size: 2}}}
  fakelib.Args:
    class: fakelib.core:Args
    build: [{method: create, returns: true}]
  fakelib.Gone: fakelib.core:Gone
  fakelib.*: fakelib.core:In*
landmarks: ["fakelib.core:Config.validate"]
loggers: [fakelib]
context:
  env.SWITCH: {default: null, values: [null, "1"]}
environ: {FAKELIB_MODE: cpu}
adapter:
  strict_issue: '^- `(?P<field>\\w+)`: (?P<text>.*)$'
  asks_for_package: 'to be installed'
"""


def write_library(folder: Path) -> Path:
    """Write the package and the SSOT; the folder is then a project's root."""
    package = folder / "fakelib"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.0"\n', encoding="utf-8")
    (package / "core.py").write_text(textwrap.dedent(SOURCE), encoding="utf-8")
    (folder / "engine_versions").mkdir()
    (folder / "corpora").mkdir()
    (folder / "engine_versions" / "fake.yaml").write_text(SSOT, encoding="utf-8")
    return folder
