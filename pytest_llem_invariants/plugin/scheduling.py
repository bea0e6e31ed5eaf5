"""How xdist distributes the items of a corpus: a rule's checks together, and none after one that killed a worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from xdist.scheduler import LoadScheduling

from pytest_llem_invariants.plugin.options import is_of_corpus

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController


@final
class RuleScheduling(LoadScheduling):
    """Load balancing by whole rules, so that one worker makes the observations that a rule's checks share."""

    _grouped = False

    def _send_tests(self, node: WorkerController, num: int) -> None:
        if not self._grouped:
            self._group()
        while 0 < num < len(self.pending) and self._scope(self.pending[num - 1]) == self._scope(self.pending[num]):
            num += 1
        super()._send_tests(node, num)

    def remove_node(self, node: WorkerController) -> str | None:
        """A dead worker leaves its current item in its queue: the rest of that rule would kill the next worker."""
        queue = self.node2pending.get(node, [])
        if queue:
            fatal = self._scope(queue[0])
            queue[1:] = self._without(fatal, queue[1:])
            self.pending[:] = self._without(fatal, self.pending)
        return super().remove_node(node)

    def _without(self, scope: str, indices: Sequence[int]) -> list[int]:
        return [index for index in indices if self._scope(index) != scope]

    def _group(self) -> None:
        """Move each rule's items together to the place of its first; all other items keep their places."""
        first: dict[str, int] = {}
        for place, index in enumerate(self.pending):
            first.setdefault(self._scope(index), place)
        self.pending.sort(key=lambda index: first[self._scope(index)])
        self._grouped = True

    def _scope(self, index: int) -> str:
        assert self.collection is not None
        nodeid = self.collection[index]
        return nodeid.rpartition("::")[0] if is_of_corpus(nodeid) else nodeid
