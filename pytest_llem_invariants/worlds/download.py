"""What the Hugging Face hub tells about a model. Only this asks the network, and only where it is told to."""

from __future__ import annotations

from functools import cache

from pytest_llem_invariants.errors import LlemError

_TELLING = ("*.json",)


@cache
def downloaded(identity: str) -> tuple[str, list[str]]:
    """The folder in the cache with what tells about a model, and the names of all files that the hub has of it."""
    try:
        from huggingface_hub import list_repo_files, snapshot_download
    except ImportError:
        raise LlemError("--download needs huggingface_hub: pip install huggingface_hub") from None
    try:
        listed = list_repo_files(identity)
        folder = snapshot_download(identity, allow_patterns=list(_TELLING))
    except Exception as error:  # the errors of connections are those of another library, which one differs by version
        said = str(error).strip().partition("\n")[0] or type(error).__name__
        raise LlemError(f"the model {identity!r} could not be downloaded: {said}") from None
    return folder, sorted(name for name in listed if "/" not in name)
