"""Sends one request over and over on a few connections that stay open: sockets and nothing else, so it costs little.

    python -P bench/load.py --port 8000 --request FILE --seconds 2

The file holds the request as it is sent. Prints one JSON object: how many answers came, in how many seconds, and how
much processor time that took here.
"""

from __future__ import annotations

import argparse
import json
import socket
import time
from pathlib import Path
from typing import Final

CONNECTIONS: Final = 4
_MOST: Final = 1 << 20
"""Bytes of an answer."""
_GOOD: Final = (b"HTTP/1.1 200 ", b"HTTP/1.1 304 ")


def measured(port: int, request: bytes, seconds: float) -> dict[str, float]:
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    room, answers, began, used = bytearray(_MOST), 0, time.monotonic(), time.process_time()
    for connection in connections:
        connection.sendall(request)
    while time.monotonic() < began + seconds:
        for connection in connections:
            take(connection, room)
            answers += 1
            connection.sendall(request)
    for connection in connections:
        take(connection, room)
        connection.close()
    taken, used = time.monotonic() - began, time.process_time() - used
    return {"answers": answers + CONNECTIONS, "seconds": round(taken, 3), "cpu_seconds": round(used, 3)}


def take(connection: socket.socket, room: bytearray) -> None:
    """Receive one answer."""
    view, got, end = memoryview(room), 0, -1
    while end < 0:
        got += received(connection, view[got:])
        end = room.find(b"\r\n\r\n", 0, got)
    head = bytes(view[:end])
    if not head.startswith(_GOOD):
        raise RuntimeError(f"no good answer: {head.splitlines()[0]!r}")
    whole = end + 4 + length(head)
    while got < whole:
        got += received(connection, view[got:])


def received(connection: socket.socket, view: memoryview) -> int:
    size = connection.recv_into(view)
    if not size:
        raise RuntimeError("the server closed a connection")
    return size


def length(head: bytes) -> int:
    _, named, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if named else 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--request", type=Path, required=True)
    options.add_argument("--seconds", type=float, default=2.0)
    args = options.parse_args()
    print(json.dumps(measured(args.port, args.request.read_bytes(), args.seconds)))
