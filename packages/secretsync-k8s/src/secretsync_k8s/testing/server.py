"""A `MemoryCluster` on a socket: what `kubectl` and client libraries talk to.

Built on the standard library's threaded server: one thread a connection, kept alive, no delay, watches as chunked
streams. That is fast enough for tests (bench: above a thousand requests a second) and asks for no dependency.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Final, Self

from .cluster import MemoryCluster
from .kubeconfig import kubeconfig
from .watch import Hung
from .wire import Call, Reply, Stream, Wire

_LINGER_NOT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""
_LOOPBACK: Final = "127.0.0.1"


class ClusterServer:
    """Serves a cluster over HTTP on the loopback interface until it is closed; a context manager.

    Args:
        port: 0 picks a free one.
        token: The bearer token that requests must carry; None admits everybody. `kubectl` and other Go clients send
            no token over plain HTTP, so it is for others.
    """

    def __init__(self, cluster: MemoryCluster, *, port: int = 0, token: str | None = None) -> None:
        self._token = token
        self._listener = _Listener((_LOOPBACK, port), cluster, Wire(cluster, token=token))
        cluster.on_outage(self._listener.cut)
        self._thread = Thread(target=self._listener.serve_forever, name="memory-cluster", args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{_LOOPBACK}:{self._listener.server_address[1]}"

    def write_kubeconfig(self, path: Path, *, namespace: str = "default") -> None:
        """Write a kubeconfig for this server, the token included, readable by its owner only."""
        user = {"token": self._token} if self._token else {}
        config = kubeconfig({"server": self.url}, user, namespace=namespace)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(config, file)

    def close(self) -> None:
        """Stop listening, cut every connection and wait for their threads. Twice is fine."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.cut()
        self._listener.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Listener(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = False  # so that closing waits for them

    def __init__(self, address: tuple[str, int], cluster: MemoryCluster, wire: Wire) -> None:
        self.cluster = cluster
        self.wire = wire
        self._lock = Lock()
        self._open: set[_Connection] = set()
        super().__init__(address, _Connection)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the base class's form
        return not self.cluster.down

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that broke, since clients come and go; a fault of ours shows its traceback."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def opened(self, connection: _Connection) -> None:
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: _Connection) -> None:
        with self._lock:
            self._open.discard(connection)

    def cut(self) -> None:
        """Cut every connection."""
        with self._lock:
            connections = tuple(self._open)
        for connection in connections:
            connection.cut()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "secretsync-memory"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.stream: Stream | None = None
        self.server.opened(self)

    def finish(self) -> None:
        self.server.closed(self)
        super().finish()

    def cut(self) -> None:
        """End the connection from another thread, a watch on it as well."""
        if self.stream:
            self.stream.watch.close()
        with suppress(OSError):  # the client may be faster
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the cluster keeps a record of its requests."""

    def answer(self) -> None:
        """Answer one request, whatever its method."""
        length = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, self.path, headers, self.rfile.read(length))
        try:
            reply = self.server.wire.answer(call)
            if isinstance(reply, Reply):
                self._send(reply)
            else:
                self._stream(reply)
        except ConnectionResetError:
            self._reset()
        except Hung:
            self._hang()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that the base class calls

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _stream(self, stream: Stream) -> None:
        self.stream = stream
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        self._send_chunks(stream)
        self.stream = None

    def _send_chunks(self, stream: Iterable[bytes]) -> None:
        for lines in stream:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(lines), lines))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self.close_connection = True

    def _hang(self) -> None:
        """Keep the connection open without a byte until the client has enough of it, or it is cut."""
        self.close_connection = True
        with suppress(OSError):  # it was cut
            self.connection.recv(1)
