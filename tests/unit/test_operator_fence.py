"""No write without the Lease, and none that may take effect when another leads."""

from __future__ import annotations

import math

import pytest
from attrs import define, field

from secretsync.errors import Unavailable
from secretsync_k8s.cluster.lease import DURATION, RENEW, RETRY
from secretsync_k8s.cluster.transport import JSON, TIMEOUT
from secretsync_k8s.operator.fence import Fenced

PATH = "/api/v1/namespaces/shop/secrets/app"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
WEBHOOK = 10.0
"""Seconds that the API server gives an admission webhook which names no time of its own."""


@define
class Server:
    sent: list[tuple[str, dict]] = field(factory=list)

    def request(self, method, path, **options):
        self.sent.append((f"{method} {path}", options))
        return {"kind": "Secret"}

    def stream(self, path, **options):
        self.sent.append((f"WATCH {path}", options))
        return iter(())

    @property
    def timeouts(self):
        return [options["timeout"] for _, options in self.sent]


@pytest.fixture
def server():
    return Server()


@pytest.mark.row("kmssecret-62")
@pytest.mark.parametrize("method", WRITES)
def test_a_write_is_sent_only_while_leading(server, method):
    with pytest.raises(Unavailable, match="the lease is not ours any more"):
        Fenced(server, lambda: 0.0).request(method, PATH, body={})
    assert server.sent == []
    Fenced(server, lambda: 9.0).request(method, PATH, body={"a": 1}, content_type="x", query={"q": "1"}, timeout=2.0)
    options = {"query": {"q": "1"}, "body": {"a": 1}, "content_type": "x", "accept": JSON, "timeout": 2.0}
    assert server.sent == [(f"{method} {PATH}", options)]


def test_reads_and_watches_go_out_in_any_case(server):
    fenced = Fenced(server, lambda: 0.0)
    assert fenced.request("GET", PATH) == {"kind": "Secret"}
    fenced.stream(PATH, query={}, timeout=1.0)
    assert [what for what, _ in server.sent] == [f"GET {PATH}", f"WATCH {PATH}"]
    assert server.timeouts == [TIMEOUT, 1.0]


def test_whether_the_lease_moves_is_asked_at_each_write(server):
    remaining = iter([9.0, 0.0])
    fenced = Fenced(server, lambda: next(remaining))
    fenced.request("PATCH", PATH, body={})
    with pytest.raises(Unavailable):
        fenced.request("PATCH", PATH, body={})


@pytest.mark.row("kmssecret-62")
@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("remaining", [0.01, 3.0, RENEW - RETRY, RENEW])
def test_a_write_is_given_up_before_another_may_have_taken_over(server, method, remaining):
    Fenced(server, lambda: remaining).request(method, PATH, body={})
    taken_over_in = remaining + DURATION - RENEW
    assert server.timeouts[0] < taken_over_in


def test_a_leader_that_renews_waits_for_webhooks_of_the_usual_time(server):
    Fenced(server, lambda: RENEW - RETRY).request("PATCH", PATH, body={})
    assert server.timeouts[0] > WEBHOOK


def test_who_is_told_to_be_the_only_one_waits_as_long_as_ever(server):
    Fenced(server, lambda: math.inf).request("PATCH", PATH, body={})
    assert server.timeouts == [TIMEOUT]
