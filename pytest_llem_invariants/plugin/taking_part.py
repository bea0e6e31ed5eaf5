"""Whether this run is ours, and with what: the corpora that are replayed, or an earlier run that says it all."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.plugin.options import Settings
from pytest_llem_invariants.plugin.preflight import check_paths, check_variables
from pytest_llem_invariants.plugin.run import REFUSED, LlemRun
from pytest_llem_invariants.plugin.shelf import Shelf


def register(config: pytest.Config) -> None:
    """Take part in this run if an engine was chosen or a corpus was named."""
    settings = Settings.of(config)
    start = config.invocation_params.dir
    is_worker = hasattr(config, "workerinput")
    try:
        shelf = Shelf.of(settings, list(config.args), config.rootpath if settings.engine is None else start)
        check_paths(volume.path for volume in shelf.volumes)
        if shelf.certified is not None and not is_worker:
            check_variables()
    except LlemError as error:
        pytest.exit(str(error), returncode=REFUSED)
    if not shelf.volumes:
        return
    if shelf.certified is not None and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(shelf.certified.path)]
    run = LlemRun(config, settings, shelf)
    if settings.reuse and shelf.certified is not None:
        from pytest_llem_invariants.plugin import reuse

        if reuse.register(config, settings, shelf.certified, run):
            return
    config.pluginmanager.register(run, "llem-run")
