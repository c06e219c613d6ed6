"""What becomes of workloads, told to who keeps what they use: events, counts and a condition (kmssecret §6, §8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from secretsync.classes import frozen
from secretsync.reconcile.messages import Report
from secretsync.targets import Note

from ..cluster.events import EventType
from ..cluster.resources import KMSSECRETS
from ..kinds.rollouts import SKIPPED, names
from .followers import Followers, News
from .metrics import Metrics
from .reporter import Reporter

TRIGGERED: Final = "RolloutTriggered"
FAILED: Final = "RolloutFailed"


@frozen
class Rolling:
    """Called by the driver, for different workloads on several threads at once."""

    followers: Followers
    reporter: Reporter
    metrics: Metrics

    def report(self, report: Report) -> None:
        """Tell what happened to a workload, then have the objects concerned say how their workloads stand.

        Raises:
            BackendError: The API server cannot be had; the engine tries again.
            TargetMoved: The status of such an object is being written; likewise.
        """
        workload = report.key
        news = self.followers.told(workload, report.outcome)
        self._count(workload, news)
        for mark in sorted(news.concerned):
            self._announce(workload, news, mark)
        for mark in sorted(news.concerned if news.happened else ()):
            self.reporter.redeployed(_key(mark))
        self.followers.passed_on(workload, news)

    def _count(self, workload: str, news: News) -> None:
        kind = workload.partition(" ")[0]
        for result, happened in (("success", news.restarted), ("error", news.problem), ("skipped", news.skipped)):
            if happened:
                self.metrics.rolled_out(kind=kind, result=result)

    def _announce(self, workload: str, news: News, mark: str) -> None:
        if (held := self.reporter.objects.get(_key(mark))) is None:
            return  # its mark outlived it
        for note, kind in _notes(workload, news, mark):
            self.reporter.announce(held, note, kind)


def _key(mark: str) -> str:
    """Return the name of the object in the engine whose mark this is."""
    return f"{KMSSECRETS.kind} {mark}"


def _notes(workload: str, news: News, mark: str) -> Iterator[tuple[Note, EventType]]:
    if uses := news.restarted.get(mark):
        yield Note(TRIGGERED, f"{workload} is restarted for {names(uses)}"), "Normal"
    if mark in news.lagging and news.problem:
        yield Note(FAILED, f"{workload} cannot be restarted: {news.problem}"), "Warning"
    if mark in news.lagging and news.skipped:
        yield Note(SKIPPED, news.skipped), "Warning"
