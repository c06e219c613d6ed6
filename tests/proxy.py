"""A way through the loopback interface that can fall silent, as a network does that drops every packet.

with Proxy(server.url) as way:
    …                      # talk to way.url
    way.cut()              # nothing passes any more, either way, and nothing is closed
    way.heal()             # what both sides still have to say arrives
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from typing import Final, Self
from urllib.parse import urlsplit

from attrs import frozen

_HOST: Final = "127.0.0.1"
_CHUNK: Final = 1 << 16
_REQUEST_LINE: Final = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.1\r$", re.MULTILINE)


@frozen
class Sent:
    """A request that came this way, and when on the monotonic clock it went on or was lost."""

    method: str
    path: str
    at: float


class Proxy:
    """Carries connections to a server on this machine, and notes the requests of plain HTTP on them.

    Args:
        before: Told of each request before it goes on, on the thread of its connection; it may take its time.

    Attributes:
        passed: Those that reached the server, oldest first.
        lost: Those whose sender had given them up before they could go on.
    """

    def __init__(self, url: str, *, before: Callable[[Sent], None] | None = None) -> None:
        self.passed: list[Sent] = []
        self.lost: list[Sent] = []
        self._before = before
        self._target = (_HOST, urlsplit(url).port)
        self._listener = socket.create_server((_HOST, 0), backlog=128)
        self._whole = Event()
        self._whole.set()
        self._sockets = [self._listener]
        self._threads = [Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Let nothing pass from now on. Connections can still be made, as far as who makes them can see."""
        self._whole.clear()

    def heal(self) -> None:
        """Let everything pass, what was held back too, but of a connection that its sender has reset meanwhile."""
        self._whole.set()

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listener)  # ends the thread that could add to the others
        self._threads[0].join()
        for one in self._sockets:
            _shut(one)
        self._whole.set()
        for thread in self._threads[1:]:
            thread.join()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):  # shut
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                self._sockets += (near, far)
                for source, sink in ((near, far), (far, near)):
                    self._threads.append(Thread(target=self._carry, args=(source, sink)))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # reset by one side or shut by us: then so it is for the other
            while chunk := source.recv(_CHUNK):
                self._whole.wait()
                given_up = source.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if sink.getpeername() == self._target:
                    self._note(_requests(chunk), lost=bool(given_up))
                if given_up:
                    break
                sink.sendall(chunk)
        self._whole.wait()
        _shut(source)
        _shut(sink)

    def _note(self, requests: list[Sent], *, lost: bool) -> None:
        (self.lost if lost else self.passed).extend(requests)
        if self._before and not lost:
            for one in requests:
                self._before(one)


def _requests(chunk: bytes) -> list[Sent]:
    return [Sent(method.decode(), path.decode(), monotonic()) for method, path in _REQUEST_LINE.findall(chunk)]


def _shut(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
