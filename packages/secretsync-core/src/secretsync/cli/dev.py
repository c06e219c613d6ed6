"""`secretsync dev`: the development KMS in the foreground."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from .command import Command

if TYPE_CHECKING:
    from ..devserver import DevServer

CONTROL_TOKEN: Final = "SECRETSYNC_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
_HIGHEST_PORT: Final = 65535


def listen_address(text: str) -> tuple[str, int]:
    """Return host and port of `PORT`, `HOST:PORT` or `[IPV6]:PORT`; without a host the loopback address.

    Raises:
        ArgumentTypeError: The text is none of these.
    """
    host, colon, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT) or (colon and not host):
        raise ArgumentTypeError(f"not PORT or HOST:PORT with a port up to {_HIGHEST_PORT} (0 takes a free one)")
    return host.strip("[]") or "127.0.0.1", int(port)


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--seed", required=True, metavar="FILE", help="YAML file with projects, identities and secrets")
    parser.add_argument(
        "--listen",
        type=listen_address,
        default=("127.0.0.1", 0),
        metavar="[HOST:]PORT",
        help="where to listen; the default is a free port on 127.0.0.1",
    )
    parser.add_argument(
        "--control-token",
        default=os.environ.get(CONTROL_TOKEN),
        metavar="TOKEN",
        help=f"open the control API under /_emulator/ to who sends this token; better set as {CONTROL_TOKEN},"
        " because other users see command lines",
    )
    parser.add_argument("--show-values", action="store_true", help="print the client secret too")


def _run(args: Namespace) -> int:
    from ..devserver import DevServer
    from ..values import SecretValue

    host, port = args.listen
    token = SecretValue(args.control_token) if args.control_token else None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with DevServer(args.seed, host=host, port=port, control_token=token) as server:
        print(*_environment(server, show_values=args.show_values), sep="\n", flush=True)  # noqa: T201 - its purpose
        stop.wait()
    return 0


def _environment(server: DevServer, *, show_values: bool) -> Iterator[str]:
    """Yield what to paste into a shell to use the server as its first identity."""
    yield f"export SECRETSYNC_URL={server.url}"
    for name, value in server.clouds_environment.items():
        yield f"export {name}={shlex.quote(value)}"
    universal = next((one.universal for one in server.seed.identities if one.universal), None)
    if universal is None:
        return
    yield f"export SECRETSYNC_CLIENT_ID={shlex.quote(universal.client_id)}"
    if show_values:
        yield f"export SECRETSYNC_CLIENT_SECRET={shlex.quote(universal.client_secret.text())}"
    else:
        yield "# SECRETSYNC_CLIENT_SECRET is in the seed; --show-values prints it"


command: Final = Command("dev", "serve a development KMS from a seed file", _configure, _run)
