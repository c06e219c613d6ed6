"""What is counted and timed of requests to a store (kmssecret §8.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import define

from secretsync.auth.token import Token
from secretsync.auth.universal import METHOD
from secretsync.backends.kms.queries import Folder
from secretsync.clock import Deadline
from secretsync.errors import Forbidden
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import UNCHANGED, Failed, Found, Identity
from secretsync.testing import ManualClock
from secretsync.values import SecretValue, Version
from secretsync_k8s.cluster.secrets import ClusterSecret
from secretsync_k8s.operator.counting import Counted
from secretsync_k8s.operator.metrics import Metrics

ME = Identity("http://kms", METHOD, ClusterSecret("shop", "credentials"), b"")
REFUSED = Failed(Forbidden("http://kms", "list", "forbidden"))


@define
class Slow:
    """Answers after so many seconds."""

    clock: ManualClock
    seconds: float
    answer: AnyWire
    answers = frozenset({Token, Folder})

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        self.clock.advance(self.seconds)
        return dict.fromkeys(queries, self.answer)


@pytest.mark.parametrize(
    ("query", "answer", "operation", "code"),
    [
        (Token(ME), Found(SecretValue("t")), "token", "ok"),
        (Folder(ME, "p", "prod", "/"), UNCHANGED, "folder", "ok"),
        (Folder(ME, "p", "prod", "/"), REFUSED, "folder", Forbidden.code),
    ],
    ids=["login", "unchanged", "refused"],
)
def test_a_request_is_counted_and_timed_whatever_came_of_it(manual_clock, query, answer, operation, code):
    metrics = Metrics(list)
    counted = Counted(Slow(manual_clock, 0.4, answer), metrics, "kms", manual_clock)
    answers = counted.read([query], known={}, credential=None, deadline=Deadline(manual_clock))
    assert answers == {query: answer}
    lines = metrics.page().body.decode().splitlines()
    what = f'backend="kms",code="{code}",host="http://kms",operation="{operation}"'
    assert f"secretsync_backend_requests_total{{{what}}} 1.0" in lines
    series = f'secretsync_backend_request_duration_seconds_sum{{backend="kms",operation="{operation}"}}'
    (seconds,) = (float(line.rpartition(" ")[-1]) for line in lines if line.startswith(series))
    assert seconds == pytest.approx(0.4)
    assert ("secretsync_logins_total{" in "\n".join(lines)) == (operation == "token")
