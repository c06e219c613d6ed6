"""A KMS that answers late and costs little, so that a measurement on few cores is one of who asks.

    python -P bench/late.py --delay 0.05

It prints `{"url": …}` when it listens on the loopback interface and ends at SIGTERM. It logs in whoever asks, knows one
project, and holds three secrets in every folder. Tokens and `If-None-Match` are checked. What it was asked stands at
`/_emulator/requests`, oldest first: route, folder, status and the time (`time.monotonic`) at which it came.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import secrets
import signal
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

PROJECT: Final = "5f3c5c6e-6f4f-4d43-9c5c-2a8f6d0e1b11"
LIFE: Final = 3600
CONTROL: Final = "/_emulator/requests"
_REASONS: Final = {200: "OK", 304: "Not Modified", 401: "Unauthorized", 404: "Not Found"}


class Request(NamedTuple):
    method: str
    path: str
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    tag: str = ""
    route: str = "unknown"

    def encoded(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {_REASONS[self.status]}", f"Content-Length: {len(self.body)}"]
        lines += ["Content-Type: application/json"] if self.body else []
        lines += [f"ETag: {self.tag}"] if self.tag else []
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Kms:
    """What it knows and what it was asked. For one event loop."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self._token = secrets.token_urlsafe()
        self._record: list[dict[str, Any]] = []

    def answer(self, request: Request) -> tuple[Answer, float]:
        """Return the answer and the seconds after which to give it."""
        if request.path == CONTROL:
            return self._controlled(request), 0.0
        answer, folder = self._routed(request), request.params.get("secretPath", [""])[0]
        self._record.append({"route": answer.route, "folder": folder, "status": answer.status, "at": time.monotonic()})
        return answer, self.delay

    def _controlled(self, request: Request) -> Answer:
        if request.method == "DELETE":
            self._record.clear()
        return Answer(200, json.dumps({"requests": self._record}).encode())

    def _routed(self, request: Request) -> Answer:
        if request.path == "/api/v1/auth/universal-auth/login":
            body = {"accessToken": self._token, "expiresIn": LIFE, "accessTokenMaxTTL": LIFE, "tokenType": "Bearer"}
            return Answer(200, json.dumps(body).encode(), route="login")
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return Answer(401, b'{"message": "no token of ours"}')
        if request.path.startswith("/api/v1/projects/slug/"):
            return Answer(200, json.dumps({"id": PROJECT}).encode(), route="slug")
        if request.path == "/api/v4/secrets":
            return self._listed(request)
        return Answer(404, b'{"message": "no such route"}')

    @staticmethod
    def _listed(request: Request) -> Answer:
        body, tag = listing(request.params["secretPath"][0])
        known = request.headers.get("if-none-match", "")
        if tag in (one.strip() for one in known.split(",")):
            return Answer(304, tag=tag, route="list")
        return Answer(200, body, tag, "list")


@lru_cache(maxsize=1 << 14)
def listing(folder: str) -> tuple[bytes, str]:
    """Return the body of a folder's list and its tag."""
    content = {"URL": f"postgres://db{folder}", "USER": "app", "LEVEL": "info"}
    rows = [
        {"id": f"{folder}/{key}", "secretKey": key, "secretValue": value, "secretPath": folder, "type": "shared"}
        for key, value in content.items()
    ]
    body = json.dumps({"secrets": rows, "imports": []}).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class Connection(asyncio.Protocol):
    """One client: requests come one after the other, as HTTP/1.1 without pipelining has it."""

    def __init__(self, kms: Kms) -> None:
        self._kms = kms
        self._got = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, rest = self._got.partition(b"\r\n\r\n")
        if not end:
            return
        request = parsed(head.decode("latin-1"))
        length = int(request.headers.get("content-length", 0))
        if len(rest) >= length:  # nothing that is asked here depends on the body
            self._got = rest[length:]
            answer, delay = self._kms.answer(request)
            asyncio.get_running_loop().call_later(delay, self._transport.write, answer.encoded())


def parsed(head: str) -> Request:
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    url = urlsplit(target)
    named = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in named}
    return Request(method, url.path, parse_qs(url.query), headers)


async def serve(delay: float) -> None:
    loop, ended, kms = asyncio.get_running_loop(), asyncio.Event(), Kms(delay)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: Connection(kms), "127.0.0.1", 0, backlog=256)
    print(json.dumps({"url": "http://{}:{}".format(*server.sockets[0].getsockname())}), flush=True)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--delay", type=float, default=0.05, help="seconds before each answer")
    asyncio.run(serve(options.parse_args().delay))
