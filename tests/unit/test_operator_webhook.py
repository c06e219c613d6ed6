"""The operator's receiver of webhooks over loopback: what it takes, what it refuses and how, and what shows of it."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from canaries import canary, shown
from secretsync.backends.kms.webhook import LARGEST, Changed
from secretsync.devserver.seed import Webhook as Hook
from secretsync.devserver.webhooks import HEADER, signed
from secretsync.errors import InvalidInput
from secretsync.runtime.pages import Pages
from secretsync.testing import ManualClock
from secretsync.values import SecretValue
from secretsync_k8s.operator.metrics import Metrics
from secretsync_k8s.operator.settings import settings
from secretsync_k8s.operator.webhook import PATH, Webhook, secrets

FIRST, SECOND = canary("first"), canary("second")
TOLD = {
    "event": "secrets.modified",
    "project": {"projectId": "p1", "environment": "prod", "secretPath": canary("path")},
}


class Receiving:
    """A receiver, whoever it tells, and a sender with its secret."""

    def __init__(self, file: Path, clock: ManualClock) -> None:
        file.write_text(f"{FIRST}\n\n{SECOND}\n", "utf-8")
        told = settings((f"--webhook-secret-file={file}", "--webhook-address=127.0.0.1:0"), {})
        assert told
        assert told.webhook
        self.file, self.clock, self.metrics, self.leads = file, clock, Metrics(list), True
        self.heard: list[Changed] = []
        self.webhook = Webhook(told.webhook, self.hear, self.metrics, clock)

    def hear(self, changed: Changed) -> bool:
        self.heard.append(changed)
        return self.leads

    def delivery(self, secret: str = FIRST, **fields: object) -> tuple[bytes, dict[str, str]]:
        made = signed(Hook("p1", "http://x", SecretValue(secret)), {**TOLD, **fields}, now=self.clock.now())
        return made.body, dict(made.headers)

    def count(self, result: str) -> float:
        page = self.metrics.page().body.decode()
        lines = dict(line.rpartition(" ")[::2] for line in page.splitlines())
        return float(lines.get(f'secretsync_webhooks_total{{result="{result}"}}', 0))


@pytest.fixture
def receiving(tmp_path: Path, manual_clock: ManualClock) -> Receiving:
    return Receiving(tmp_path / "secrets", manual_clock)


@pytest.fixture
def port(receiving: Receiving) -> Iterator[int]:
    with Pages("127.0.0.1:0", {PATH: receiving.webhook.receiver}, flag="--webhook-address") as pages:
        yield pages.port


def post(port: int, body: bytes, headers: dict[str, str], path: str = PATH) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_a_delivery_is_told_and_counted(receiving: Receiving, port: int) -> None:
    assert post(port, *receiving.delivery()) == (200, "accepted\n")
    assert [changed.project for changed in receiving.heard] == ["p1"]
    assert receiving.count("accepted") == 1.0


def test_a_test_of_the_kms_is_taken_and_tells_nothing(receiving: Receiving, port: int) -> None:
    assert post(port, *receiving.delivery(event="test")) == (200, "accepted\n")
    assert receiving.heard == []


@pytest.mark.parametrize(
    ("result", "status"), [("unsigned", 401), ("forged", 401), ("malformed", 400), ("stale", 400), ("replayed", 409)]
)
def test_each_refusal_has_its_status_and_its_count(receiving: Receiving, port: int, result: str, status: int) -> None:
    body, headers = receiving.delivery()
    match result:
        case "unsigned":
            del headers[HEADER]
        case "forged":
            body += b" "
        case "malformed":
            raw = b"[1]"
            body, headers = raw, {HEADER: _by_hand(raw)}
        case "stale":
            receiving.clock.advance(301.0)
        case "replayed":
            post(port, body, headers)
            receiving.heard.clear()
    assert post(port, body, headers) == (status, f"{result}\n")
    assert receiving.heard == []
    assert receiving.count(result) == 1.0


def _by_hand(raw: bytes) -> str:
    return f"t=1;{hmac.digest(FIRST.encode(), raw, hashlib.sha256).hex()}"


@pytest.mark.parametrize("header", [("Content-Length", str(LARGEST + 1)), ("Transfer-Encoding", "chunked")])
def test_too_much_is_refused_before_it_is_read(receiving: Receiving, port: int, header: tuple[str, str]) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest("POST", PATH)
        connection.putheader(*header)
        connection.endheaders()  # and not one byte of a body
        response = connection.getresponse()
        assert (response.status, response.read(), response.getheader("Connection")) == (413, b"oversize\n", "close")
    finally:
        connection.close()
    assert receiving.count("oversize") == 1.0


def test_who_does_not_lead_says_so(receiving: Receiving, port: int) -> None:
    receiving.leads = False
    assert post(port, *receiving.delivery()) == (503, "standby\n")


def test_secrets_are_those_of_the_file_as_it_is_now(receiving: Receiving, port: int) -> None:
    assert post(port, *receiving.delivery(SECOND))[0] == 200
    third = canary("third")
    assert post(port, *receiving.delivery(third))[0] == 401
    receiving.file.write_text(f"{SECOND}\n{third}", "utf-8")
    assert post(port, *receiving.delivery(third))[0] == 200
    receiving.file.unlink()
    assert post(port, *receiving.delivery(SECOND, event="later")) == (503, "unreadable\n")


def test_only_posts_are_taken_and_only_there(receiving: Receiving, port: int) -> None:
    assert post(port, *receiving.delivery(), path="/")[0] == 404
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", PATH)
    assert connection.getresponse().status == 404
    connection.close()


def test_neither_bodies_nor_secrets_show(receiving: Receiving, port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post(port, *receiving.delivery())
    post(port, *receiving.delivery("wrong"))
    assert "a webhook: accepted" in caplog.messages
    assert shown("\n".join(caplog.messages)) == []
    assert shown(repr(receiving.webhook)) == []
    assert shown(receiving.metrics.page().body.decode()) == []


@pytest.mark.parametrize(
    ("argv", "environ", "problem"),
    [
        ((), {}, "--webhook-address needs a secret; name its file by --webhook-secret-file, or set KMS_WEBHOOK_SECRET"),
        (
            ("--webhook-secret-file=/none",),
            {},
            "--webhook-secret-file: /none cannot be read: No such file or directory",
        ),
    ],
)
def test_without_a_secret_nothing_is_taken(argv: tuple[str, ...], environ: dict[str, str], problem: str) -> None:
    told = settings(("--webhook-address=:9443", *argv), environ)
    assert told
    assert told.webhook
    with pytest.raises(InvalidInput) as refused:
        secrets(told.webhook)
    assert refused.value.problems == (problem,)


def test_secrets_of_the_environment() -> None:
    told = settings(("--webhook-address=:9443",), {"KMS_WEBHOOK_SECRET": f"{FIRST}\n{SECOND}"})
    assert told
    assert told.webhook
    assert secrets(told.webhook) == (SecretValue(FIRST), SecretValue(SECOND))
    off = settings((), {"KMS_WEBHOOK_SECRET": FIRST})
    assert off
    assert off.webhook is None
