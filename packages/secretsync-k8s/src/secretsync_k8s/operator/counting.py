"""A backend whose requests are counted and timed; what they bring is not looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from secretsync.auth.token import Token
from secretsync.classes import frozen
from secretsync.clock import Clock, Deadline
from secretsync.ports import AnyQuery, AnyWire, Backend
from secretsync.queries import Failed, Found
from secretsync.values import Version

from .metrics import Metrics


@frozen
class Counted:
    """Thread-safe as the backend it stands before."""

    backend: Backend
    metrics: Metrics
    name: str
    clock: Clock

    @property
    def answers(self) -> Collection[type[AnyQuery]]:
        return self.backend.answers

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        began = self.clock.monotonic()
        answers = self.backend.read(queries, known=known, credential=credential, deadline=deadline)
        seconds = self.clock.monotonic() - began
        self.metrics.took(backend=self.name, operation=_operation(queries[0]), seconds=seconds)
        for query, answer in answers.items():
            self._count(query, answer)
        return answers

    def _count(self, query: AnyQuery, answer: AnyWire) -> None:
        code = answer.error.code if isinstance(answer, Failed) else "ok"
        self.metrics.requested(backend=self.name, host=query.host, operation=_operation(query), code=code)
        if isinstance(query, Token):
            self.metrics.logged_in(result="success" if code == "ok" else code)


def _operation(query: AnyQuery) -> str:
    return type(query).__name__.lower()
