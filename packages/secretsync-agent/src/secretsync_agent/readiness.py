"""How others learn that every file is there: a file, a datagram to the service manager, a page (agent §18)."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from secretsync.classes import define

log: Final = logging.getLogger("secretsync.agent")


@final
@define(eq=False)
class Readiness:
    """Tells once. Belongs to one thread.

    Attributes:
        file: Path of a file that is there while everything is; "" for none.
        manager: Address of the service manager's socket, as `NOTIFY_SOCKET` has it; "" for none.
    """

    file: str
    manager: str
    told: bool = False

    def begin(self) -> None:
        """Take back what an earlier process may have left."""
        self._remove()

    def ready(self) -> None:
        """Every file is as wanted, for the first time."""
        if self.told:
            return
        self.told = True
        if self.file:
            try:
                Path(self.file).touch()
            except OSError as error:
                log.error("the ready file %s cannot be made: %s", self.file, error.strerror)  # noqa: TRY400
        notify(self.manager, "READY=1")

    def reloading(self, microseconds: int) -> None:
        """The configuration is read anew, at this monotonic time."""
        notify(self.manager, f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def reloaded(self) -> None:
        """It was read; whoever was not ready before is not so now."""
        if self.told:
            notify(self.manager, "READY=1")

    def end(self) -> None:
        """Nothing is kept right any more."""
        notify(self.manager, "STOPPING=1")
        self._remove()

    def _remove(self) -> None:
        if not self.file:
            return
        try:
            Path(self.file).unlink(missing_ok=True)
        except OSError as error:
            log.error("the ready file %s cannot be removed: %s", self.file, error.strerror)  # noqa: TRY400 - no frames


def notify(address: str, message: str) -> None:
    """Send a message to the service manager; one that does not listen misses nothing."""
    if not address:
        return
    place = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(place)
        sender.send(message.encode())
