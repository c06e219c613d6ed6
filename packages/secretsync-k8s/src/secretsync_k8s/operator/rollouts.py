"""What becomes of workloads, told to who keeps what they use: events, counts and a condition (kmssecret §6, §8)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from secretsync.reconcile.messages import Report

from ..cluster.events import Events, EventType
from ..kinds.rollouts import SKIPPED, names
from .followers import Followers, News
from .metrics import Metrics
from .objects import Objects
from .reporter import Reporter

_log = logging.getLogger("secretsync.operator")

TRIGGERED: Final = "RolloutTriggered"
FAILED: Final = "RolloutFailed"
_LEVELS: Final = {"Normal": logging.INFO, "Warning": logging.WARNING}

Told = tuple[EventType, str, str]
"""Type, reason and note of an event."""


@frozen
class Rolling:
    """Called by the driver, for different workloads on several threads at once."""

    followers: Followers
    objects: Objects[Any]
    reporter: Reporter
    events: Events
    metrics: Metrics

    def report(self, report: Report) -> None:
        """Tell what happened to a workload, then have the objects concerned say how their workloads stand.

        Raises:
            BackendError: The API server cannot be had; the engine tries again.
            TargetMoved: Another report about such an object is being written; likewise.
        """
        news = self.followers.told(report.key, report.outcome)
        self._count(report.key, news)
        keys = {mark: self._key(mark) for mark in sorted(news.concerned)}
        for mark, key in keys.items():
            for told in _events(report.key, news, mark):
                self._post(key, *told)
        if news.happened:
            for key in keys.values():
                self.reporter.redeployed(key)
        self.followers.passed_on(report.key, news)

    def _key(self, mark: str) -> str:
        return f"{self.objects.kind.resource.kind} {mark}"

    def _count(self, workload: str, news: News) -> None:
        kind = workload.partition(" ")[0]
        for result, happened in (("success", news.restarted), ("error", news.problem), ("skipped", news.skipped)):
            if happened:
                self.metrics.rolled_out(kind=kind, result=result)

    def _post(self, key: str, kind: EventType, reason: str, note: str) -> None:
        _log.log(_LEVELS[kind], "%s: %s: %s", key, reason, note)
        if (held := self.objects.get(key)) is not None:
            self.events.post(held.obj, type=kind, reason=reason, note=note)


def _events(workload: str, news: News, mark: str) -> Iterator[Told]:
    if uses := news.restarted.get(mark):
        yield "Normal", TRIGGERED, f"{workload} is restarted for {names(uses)}"
    if mark in news.lagging and news.problem:
        yield "Warning", FAILED, f"{workload} cannot be restarted: {news.problem}"
    if mark in news.lagging and news.skipped:
        yield "Warning", SKIPPED, news.skipped
