"""The development KMS as a server: a thread, a socket of its own, and an orderly end."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from ..clock import Clock
from ..errors import MissingExtra, SecretSyncError
from ..runtime.clock import SystemClock
from ..runtime.travel import Travel
from ..values import SecretValue
from .entropy import Entropy
from .faults import Asked, Faults, Journal
from .metadata.gcp import key_file
from .metadata.services import environment
from .model import KMS
from .seed import Seed, load_seed
from .sending import Sender

if TYPE_CHECKING:
    from .serving import Serving

_BACKLOG: Final = 512
"""Connections that may wait: agents open one for every request (official-client-requests, 7)."""

_REMEDIES: Final = {
    errno.EADDRINUSE: "is in use; stop what listens there, or choose another port (0 takes a free one)",
    errno.EACCES: "may not be used by this user; choose one above 1023",
    errno.EADDRNOTAVAIL: "cannot be had: the address is none of this machine's",
}


class ListenFailed(SecretSyncError):
    """The port cannot be listened on; the text names it and the remedy."""

    code = "listen_failed"


class DevServer:
    """A KMS in memory that official clients take for a real one; for development and tests, never for secrets.

        with DevServer("seed.yaml") as server:
            client = InfisicalSDKClient(host=server.url)

    A stopped server keeps its model and its port and can be started again. Its methods belong to one thread; `model`,
    `clock`, `faults` and `journal` may be used from any, also while it runs. `clock.advance` lets time pass at once.

    Args:
        seed: What it starts with, or the file that says so.
        host: Address to listen on.
        port: 0 takes a free one.
        clock: Tells when tokens end and what timestamps say; delays of faults take real time.
        entropy: Where tokens and ids come from.
        control_token: Opens the control API (see `control`) to who knows it; closed without one.

    Raises:
        InvalidInput: The seed is wrong.
    """

    def __init__(
        self,
        seed: Seed | Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        entropy: Entropy = os.urandom,
        control_token: SecretValue | None = None,
    ) -> None:
        self.seed: Seed = seed if isinstance(seed, Seed) else load_seed(seed)
        self.clock: Travel = Travel(clock or SystemClock())
        self.model: KMS = KMS(self.seed, clock=self.clock, entropy=entropy)
        self.faults: Faults = Faults()
        self.journal: Journal = Journal()
        self._host = host
        self._port = port
        self._entropy = entropy
        self._control_token = control_token
        self._clouds_port = 0
        self._running: list[tuple[Serving, Thread]] = []
        self._sender: Sender | None = None

    @property
    def url(self) -> str:
        """The address for clients, without `/api`; it has a port once the server was started."""
        return self._address(self._port)

    @property
    def clouds_url(self) -> str:
        """Where the services of the seed's clouds are once the server was started; they have a port of their own."""
        return self._address(self._clouds_port)

    @property
    def clouds_environment(self) -> Mapping[str, str]:
        """The variables by which a program finds them."""
        return environment(self.seed.clouds, self.clouds_url)

    def google_key_file(self) -> str:
        """Return the key file of the Google cloud's service account, once the server was started.

        Raises:
            LookupError: The seed has no such cloud.
        """
        if self.seed.clouds.gcp is None:
            msg = "the seed has no clouds.gcp"
            raise LookupError(msg)
        return key_file(self.seed.clouds.gcp, authority=self.model.means.authority, url=self.clouds_url)

    def asked(self, route: str = "*") -> tuple[Asked, ...]:
        """Return the requests that came on a route, `*` for all, oldest first."""
        return self.journal.asked(route)

    def start(self) -> None:
        """Listen and answer; returns when the first request can be sent.

        Raises:
            ListenFailed: The port cannot be had.
            MissingExtra: uvicorn is not installed.
        """
        api, clouds = self._servings()
        self._port = self._run(api, self._port)
        try:
            self._clouds_port = self._run(clouds, self._clouds_port) if clouds else 0
        except ListenFailed:
            self.stop()
            raise
        self._sender = Sender(self.model)

    def stop(self) -> None:
        """Answer no more and close the ports; connections that wait are dropped."""
        if self._sender is not None:
            self._sender.stop()
            self._sender = None
        running, self._running = self._running, []
        for serving, _ in running:
            serving.should_exit = True
        for _, thread in running:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _address(self, port: int) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"

    def _run(self, serving: Serving, port: int) -> int:
        """Return the port that it listens on."""
        listener = _listen(self._host, port)
        taken = int(listener.getsockname()[1])
        thread = Thread(target=serving.run, args=[[listener]], name="secretsync-devserver", daemon=True)
        thread.start()
        self._running.append((serving, thread))
        serving.ready.wait()
        return taken

    def _servings(self) -> tuple[Serving, Serving | None]:
        """Return what serves the API, and what serves the clouds if there are any."""
        try:
            from .serving import Serving, gated, gated_clouds
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "uvicorn":
                raise
        else:
            gate = gated(
                self.model,
                clock=self.clock,
                faults=self.faults,
                journal=self.journal,
                entropy=self._entropy,
                control_token=self._control_token,
            )
            clouds = gated_clouds(self.model, entropy=self._entropy) if self.seed.clouds.any else None
            return Serving(gate, backlog=_BACKLOG), Serving(clouds, backlog=_BACKLOG) if clouds else None
        raise MissingExtra("the development KMS", "secretsync-core[dev]")


def _listen(host: str, port: int) -> socket.socket:
    # Bound before the server starts, so that a port in use is our one clear error and not a thread's traceback.
    reason = ""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except socket.gaierror:
        reason = "cannot be had: the host has no address"
    except OSError as error:
        reason = _REMEDIES.get(error.errno or 0, f"cannot be had: {error.strerror}")
    else:
        # Connections inherit it. asyncio would set it only on sockets that name their protocol, which these do not, and
        # each answer's body would wait 40 ms for the client's acknowledgement of its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    raise ListenFailed(f"port {port} on {host} {reason}")
