"""The pages of the operator: probes and metrics, over loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection

import pytest

from secretsync.errors import InvalidInput
from secretsync.runtime.pages import Page, Pages, probes
from secretsync_k8s.operator.metrics import Facts, Metrics, ObjectFacts

FLAG = "--health-probe-bind-address"


def well() -> tuple[bool, str]:
    return True, "ok"


def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str, str]:
    connection = HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode(), response.headers["Content-Type"]
    finally:
        connection.close()


def test_probes_answer_what_the_checks_say():
    ready = {"now": (False, "kmssecrets: not synced")}
    with Pages("127.0.0.1:0", probes(healthz=well, readyz=lambda: ready["now"]), flag=FLAG) as pages:
        assert get(pages.port, "/healthz") == (200, "ok\n", "text/plain; charset=utf-8")
        assert get(pages.port, "/healthz?verbose=1")[0] == 200
        assert get(pages.port, "/readyz")[:2] == (503, "kmssecrets: not synced\n")
        ready["now"] = (True, "ok")
        assert get(pages.port, "/readyz")[:2] == (200, "ok\n")
        assert get(pages.port, "/other")[0] == 404


def test_a_check_that_fails_is_told_by_its_type(caplog):
    def broken() -> tuple[bool, str]:
        raise ValueError("canary")

    with Pages("127.0.0.1:0", probes(healthz=broken, readyz=well), flag=FLAG) as pages:
        assert get(pages.port, "/healthz")[:2] == (500, "failed: ValueError\n")
    assert "the page /healthz failed" in caplog.messages


def test_both_families_are_served_at_an_address_without_a_host():
    with Pages(":0", probes(healthz=well, readyz=well), flag=FLAG) as pages:
        assert get(pages.port, "/healthz")[0] == 200
        if socket.has_dualstack_ipv6():
            assert get(pages.port, "/healthz", host="::1")[0] == 200


def test_a_port_in_use_is_one_clear_error():
    with Pages("127.0.0.1:0", {}, flag=FLAG) as pages:
        address = f"127.0.0.1:{pages.port}"
        with pytest.raises(InvalidInput) as caught:
            Pages(address, {}, flag=FLAG)
    assert caught.value.problems == (
        f"{FLAG}: cannot listen on {address}: another process listens there; name another address with {FLAG}",
    )


def test_a_closed_server_frees_its_port():
    with Pages("127.0.0.1:0", {}, flag=FLAG) as pages:
        port = pages.port
    with Pages(f"127.0.0.1:{port}", {}, flag=FLAG):
        pass


@pytest.mark.parametrize("address", ["", "8081", ":http", ":99999", "localhost", ":-1"])
def test_an_address_that_is_none(address):
    with pytest.raises(InvalidInput, match="is no address; write host:port or :port"):
        Pages(address, {}, flag=FLAG)


def served(metrics: Metrics) -> tuple[list[str], str]:
    with Pages("127.0.0.1:0", {"/metrics": metrics.page}, flag="--metrics-bind-address") as pages:
        _, text, content_type = get(pages.port, "/metrics")
    return [line for line in text.splitlines() if not line.startswith("#")], content_type


def facts(name: str, **changes: object) -> ObjectFacts:
    return ObjectFacts(
        **{"namespace": "shop", "name": name, "ready": True, "last_success": 5.0, "secrets": 2, "next_sync": 65.0}
        | changes
    )  # type: ignore[arg-type]


def test_objects_are_read_at_each_scrape_and_a_deleted_one_leaves_no_series():
    table = [facts("a"), facts("b", ready=False, last_success=None, secrets=0, next_sync=None)]
    metrics = Metrics(lambda: [Facts(table)])
    lines, content_type = served(metrics)
    assert content_type.startswith("text/plain; version=0.0.4")
    assert [line for line in lines if 'name="' in line] == [
        'secretsync_kmssecret_ready{name="a",namespace="shop"} 1.0',
        'secretsync_kmssecret_ready{name="b",namespace="shop"} 0.0',
        'secretsync_kmssecret_last_success_timestamp_seconds{name="a",namespace="shop"} 5.0',
        'secretsync_kmssecret_secrets{name="a",namespace="shop"} 2.0',
        'secretsync_kmssecret_secrets{name="b",namespace="shop"} 0.0',
        'secretsync_kmssecret_next_sync_timestamp_seconds{name="a",namespace="shop"} 65.0',
    ]
    del table[0]
    assert not [line for line in served(metrics)[0] if 'name="a"' in line]


@pytest.mark.parametrize(
    ("count", "series"),
    [
        (
            lambda m: m.requested(backend="kms", host="kms.example", operation="list", code="ok"),
            'secretsync_backend_requests_total{backend="kms",code="ok",host="kms.example",operation="list"}',
        ),
        (lambda m: m.logged_in(result="success"), 'secretsync_logins_total{result="success"}'),
    ],
    ids=["requested", "logged in"],
)
def test_counters(count: Callable[[Metrics], None], series: str):
    metrics = Metrics(lambda: ())
    count(metrics)
    count(metrics)
    lines = metrics.page().body.decode().splitlines()
    assert f"{series} 2.0" in lines
    assert not [line for line in lines if "_created" in line]


def test_a_table_that_cannot_be_read_is_an_error_page_and_no_made_up_numbers():
    def broken() -> list[Facts]:
        raise ValueError("canary")

    with Pages("127.0.0.1:0", {"/metrics": Metrics(broken).page}, flag="f") as pages:
        assert get(pages.port, "/metrics")[:2] == (500, "failed: ValueError\n")


def test_a_page_is_text_unless_it_says_otherwise():
    assert Page(b"x") == Page(b"x", 200, "text/plain; charset=utf-8")
