"""The development KMS tells of changes by webhooks as the real one does: signed, a request a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from secretsync.backends.kms.webhook import HEADER, Delivery, verified
from secretsync.devserver import DevServer, parse_seed
from secretsync.devserver.seed import Webhook
from secretsync.errors import InvalidInput
from secretsync.runtime.clock import SystemClock
from secretsync.values import SecretValue

SEED = """
projects: [{id: p1, slug: shop}]
secrets: {shop: {prod: {/app: {A: a}}, dev: {/app: {A: a}}}}
"""
SECRET = SecretValue("s3cret")
Taken = tuple[Mapping[str, str], bytes]


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, SimpleQueue[Taken]]]:
    taken: SimpleQueue[Taken] = SimpleQueue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.put((self.headers, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", taken
        finally:
            server.shutdown()
            thread.join()


def told(taken: Taken) -> dict[str, Any]:
    return dict(json.loads(taken[1]))


def test_a_change_is_told_signed_and_as_the_real_one_does() -> None:
    with receiver() as (url, taken), DevServer(parse_seed(SEED)) as server:
        server.model.webhooks.add(Webhook("shop", url, SECRET, env="prod", path="/app/**"))
        server.model.put("shop", "dev", "/app", {"A": "unheard"})
        server.model.put("shop", "prod", "/app", {"A": "v4lue"})
        came = taken.get(timeout=10)
        delivery = verified(came[1], came[0][HEADER], secrets=[SECRET], now=SystemClock().now())
        assert isinstance(delivery, Delivery)
        assert told(came)["event"] == "secrets.modified"
        assert told(came)["project"].items() >= {
            "workspaceId": "p1", "projectId": "p1", "projectName": "shop", "environment": "prod", "secretPath": "/app",
        }.items()  # fmt: skip
        assert b"v4lue" not in came[1]


def test_who_has_no_secret_gets_it_unsigned_and_who_is_away_misses_it() -> None:
    with receiver() as (url, taken), DevServer(parse_seed(SEED)) as server:
        server.model.webhooks.add(Webhook("p1", "http://127.0.0.1:1/"))
        server.model.webhooks.add(Webhook("p1", url))
        server.model.delete("shop", "prod", "/app", ["A"])
        assert HEADER not in taken.get(timeout=10)[0]


def test_nothing_is_sent_by_a_server_that_stopped() -> None:
    with receiver() as (url, taken):
        server = DevServer(parse_seed(SEED))
        server.model.webhooks.add(Webhook("p1", url))
        with server:
            pass
        server.model.put("shop", "prod", "/app", {"A": "changed"})
        assert taken.empty()
        with server:
            assert told(taken.get(timeout=10))["project"]["secretPath"] == "/app"


def test_a_seed_may_name_them() -> None:
    seed = parse_seed(f"{SEED}\nwebhooks: [{{project: shop, url: http://x/y, secret: s, path: /app/**}}]")
    assert seed.webhooks == (Webhook("shop", "http://x/y", SecretValue("s"), path="/app/**"),)
    with pytest.raises(InvalidInput, match="no such project in this seed"):
        parse_seed(f"{SEED}\nwebhooks: [{{project: none, url: http://x}}]")
    with pytest.raises(InvalidInput, match="an address begins with"):
        parse_seed(f"{SEED}\nwebhooks: [{{project: shop, url: x}}]")
