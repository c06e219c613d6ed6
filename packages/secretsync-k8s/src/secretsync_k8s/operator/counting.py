"""A backend whose requests are counted; what they bring is not looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import frozen

from secretsync.auth.token import Token
from secretsync.clock import Deadline
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
        answers = self.backend.read(queries, known=known, credential=credential, deadline=deadline)
        for query, answer in answers.items():
            self._count(query, answer)
        return answers

    def _count(self, query: AnyQuery, answer: AnyWire) -> None:
        code = answer.error.code if isinstance(answer, Failed) else "ok"
        operation = type(query).__name__.lower()
        self.metrics.requested(backend=self.name, host=query.host, operation=operation, code=code)
        if isinstance(query, Token):
            self.metrics.logged_in(result="success" if code == "ok" else code)
