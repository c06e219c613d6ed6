"""The thread that sends webhooks."""

from __future__ import annotations

import logging
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Thread
from typing import Final, final
from urllib.parse import urlsplit

from .model import KMS
from .webhooks import Delivery, signed

_TIMEOUT: Final = 5.0

_log = logging.getLogger("secretsync.devserver")


@final
class Sender:
    """Sends what a model's webhooks want told, each once: who missed it has to look for themselves."""

    def __init__(self, kms: KMS) -> None:
        self._kms = kms
        self._thread = Thread(target=self._send, name="secretsync-webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more; what waits is left out."""
        self._kms.webhooks.end()
        self._thread.join()

    def _send(self) -> None:
        for batch in self._kms.webhooks.deliveries():
            for hook, told in batch:
                try:
                    post(signed(hook, told, now=self._kms.now()))
                except (OSError, HTTPException) as error:
                    _log.info("a webhook was not taken: %s", type(error).__name__)


def post(delivery: Delivery) -> int:
    """Send a delivery; return the status of the answer.

    Raises:
        OSError, HTTPException: There was none.
    """
    url = urlsplit(delivery.url)
    connecting = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = connecting(url.netloc, timeout=_TIMEOUT)
    try:
        connection.request("POST", url.path or "/", delivery.body, dict(delivery.headers))
        return connection.getresponse().status
    finally:
        connection.close()
