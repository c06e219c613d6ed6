"""No write without the Lease, and whether the API server answers about it."""

from __future__ import annotations

import pytest
from attrs import define, field

from secretsync.errors import Forbidden, Unavailable
from secretsync.testing import ManualClock
from secretsync_k8s.cluster.transport import API, JSON, ApiError
from secretsync_k8s.operator.fence import Fenced, Monitored

PATH = "/api/v1/namespaces/shop/secrets/app"


@define
class Server:
    sent: list[tuple[str, dict]] = field(factory=list)
    error: Exception | None = None

    def request(self, method, path, **options):
        self.sent.append((f"{method} {path}", options))
        if self.error:
            raise self.error
        return {"kind": "Secret"}

    def stream(self, path, **options):
        self.sent.append((f"WATCH {path}", options))
        return iter(())


@pytest.fixture
def server():
    return Server()


@pytest.mark.row("kmssecret-62")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_sent_only_while_leading(server, method):
    with pytest.raises(Unavailable, match="the lease is not ours any more"):
        Fenced(server, lambda: False).request(method, PATH, body={})
    assert server.sent == []
    Fenced(server, lambda: True).request(method, PATH, body={"a": 1}, content_type="x", query={"q": "1"}, timeout=2.0)
    options = {"query": {"q": "1"}, "body": {"a": 1}, "content_type": "x", "accept": JSON, "timeout": 2.0}
    assert server.sent == [(f"{method} {PATH}", options)]


def test_reads_and_watches_go_out_in_any_case(server):
    fenced = Fenced(server, lambda: False)
    assert fenced.request("GET", PATH) == {"kind": "Secret"}
    fenced.stream(PATH, query={}, timeout=1.0)
    assert [what for what, _ in server.sent] == [f"GET {PATH}", f"WATCH {PATH}"]


def test_whether_the_lease_moves_is_asked_at_each_write(server):
    leading = iter([True, False])
    fenced = Fenced(server, lambda: next(leading))
    fenced.request("PATCH", PATH, body={})
    with pytest.raises(Unavailable):
        fenced.request("PATCH", PATH, body={})


def test_a_failure_has_a_beginning_and_an_answer_ends_it(server, manual_clock: ManualClock, caplog):
    monitor = Monitored(server, manual_clock)
    assert (monitor.heard, monitor.failing_since) == (False, None)
    server.error = Forbidden(API, "GET the lease", "forbidden")
    began = manual_clock.monotonic()
    for _ in range(3):
        with pytest.raises(Forbidden):
            monitor.request("GET", PATH)
        manual_clock.advance(2.0)
    assert (monitor.heard, monitor.failing_since) == (False, began)
    assert caplog.messages == ["waiting for the API server: GET the lease at the kubernetes API: forbidden"]
    server.error = None
    monitor.request("GET", PATH)
    assert (monitor.heard, monitor.failing_since) == (True, None)


@pytest.mark.parametrize("status", [404, 409])
def test_that_there_is_none_or_another_was_faster_is_an_answer(server, manual_clock: ManualClock, status):
    monitor = Monitored(server, manual_clock)
    server.error = ApiError("GET the lease", "NotFound", status=status)
    with pytest.raises(ApiError):
        monitor.request("GET", PATH)
    assert (monitor.heard, monitor.failing_since) == (True, None)
