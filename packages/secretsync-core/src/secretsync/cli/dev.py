"""`secretsync dev`: the development KMS in the foreground."""

from __future__ import annotations

import os
import shlex
import signal
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ..runtime.calls import Calls
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
    calls: Calls[signal.Signals] = Calls()
    for number in (signal.SIGINT, signal.SIGTERM):
        calls.on(number, number)
    with calls, DevServer(args.seed, host=host, port=port, control_token=token) as server:
        print(*_environment(server, show_values=args.show_values), sep="\n", flush=True)  # noqa: T201 - its purpose
        calls.get()
    return 0


def _environment(server: DevServer, *, show_values: bool) -> Iterator[str]:
    """Yield what to paste into a shell to use the server as its first identity with universal auth.

    For `secretsync`, for the official CLI and, as comments with the commands to try, for both and for curl.
    """
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
    yield 'export INFISICAL_API_URL="$SECRETSYNC_URL/api"'
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        yield f'export INFISICAL_UNIVERSAL_AUTH_{name}="$SECRETSYNC_{name}"'
    for project in server.seed.projects[:1]:
        yield from _commands(project.id, project.slug, project.environments[0])


def _commands(project_id: str, slug: str, environment: str) -> Iterator[str]:
    """Yield commands to try. No secret is an argument of a program, because other users see command lines."""
    yield f"# secretsync get {shlex.quote(f'{slug}/{environment}')}"
    yield "# INFISICAL_TOKEN=$(infisical login --method=universal-auth --plain --silent) \\"
    yield f"#   infisical secrets --projectId={shlex.quote(project_id)} --env={shlex.quote(environment)}"
    query = urlencode({"projectId": project_id, "environment": environment})
    yield ('# printf \'{"clientId":"%s","clientSecret":"%s"}\' "$SECRETSYNC_CLIENT_ID" "$SECRETSYNC_CLIENT_SECRET" \\')
    yield "#   | curl -s -H 'Content-Type: application/json' -d @- $SECRETSYNC_URL/api/v1/auth/universal-auth/login \\"
    yield """#   | sed 's/.*"accessToken":"\\([^"]*\\)".*/Authorization: Bearer \\1/' \\"""
    yield f'#   | curl -s -H @- "$SECRETSYNC_URL/api/v4/secrets?{query}"'


command: Final = Command("dev", "serve a development KMS from a seed file", _configure, _run)
