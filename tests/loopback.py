"""A server on the loopback interface that answers as a test says and remembers what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from canaries import canary_bytes


@frozen
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> object:
        return json.loads(self.body)


@frozen
class Reply:
    """An answer; `pieces` go out one by one and `promised` is the length that the header claims."""

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    headers: Mapping[str, str] = field(factory=dict)
    promised: int | None = None

    @classmethod
    def of(cls, body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(status, (json.dumps(body).encode(),), {"Content-Type": "application/json", **(headers or {})})

    @classmethod
    def refusal(cls, status: int, error: str, message: object, headers: Mapping[str, str] | None = None) -> Reply:
        body = {"reqId": "req-7", "statusCode": status, "message": message, "error": error}
        return cls.of(body, status=status, headers=headers)

    @classmethod
    def text(cls, text: str, *, status: int = 200, kind: str = "text/html") -> Reply:
        return cls(status, (text.encode(),), {"Content-Type": kind})


Answers = Callable[[Asked], Reply | None]
"""None: keep silent until the server stops."""


class Loopback:
    def __init__(self, answers: Answers, *, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._answers = answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                served.asked.append(asked)
                reply = served._answers(asked)
                self.close_connection = True
                if reply is None:
                    served.stopping.wait()
                else:
                    self._send(reply)

            def _send(self, reply: Reply) -> None:
                self.send_response_only(reply.status)  # without a date: a test that wants one says it
                for name, value in {"Connection": "close", **reply.headers}.items():
                    self.send_header(name, value)
                length = sum(map(len, reply.pieces)) if reply.promised is None else reply.promised
                self.send_header("Content-Length", str(length))
                self.end_headers()
                for piece in reply.pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
                if length > sum(map(len, reply.pieces)) and reply.headers.get("Connection") == "keep-alive":
                    served.stopping.wait()

            do_GET = do_POST = do_PATCH = do_DELETE = do_CONNECT = _serve  # noqa: N815 - the names that http.server looks for

            def log_message(self, *args: object) -> None:
                pass

        return Handler


def one_secret(value: str = "1", *, path: str = "/", project: str = "") -> Answers:
    """Answer as a KMS does that takes every login and has one secret, `A`."""
    row = {"id": "1", "secretKey": "A", "secretValue": value, "secretPath": path, "version": 1, "type": "shared"}
    life = {"expiresIn": 7200, "accessTokenMaxTTL": 86400, "tokenType": "Bearer"}

    def answers(asked: Asked) -> Reply:
        if asked.path.endswith("/login"):
            return Reply.of({"accessToken": canary_bytes(32).hex(), **life})
        if "slug" in asked.path:
            return Reply.of({"id": project})
        return Reply.of({"secrets": [row], "imports": []})

    return answers


@contextmanager
def serving(answers: Answers, *, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    server = Loopback(answers, tls=tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
