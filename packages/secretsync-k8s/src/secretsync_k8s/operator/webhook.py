"""Takes the KMS's webhooks: what it says has changed is looked at anew, by whoever leads (kms-api §11.2)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Final

from attrs import field

from secretsync.backends.kms.webhook import LARGEST, Changed, Deliveries, Delivery, Refused, verified
from secretsync.classes import frozen
from secretsync.clock import Clock
from secretsync.errors import InvalidInput
from secretsync.runtime.pages import Page, Posted, Receiver
from secretsync.values import SecretValue

from .metrics import Metrics
from .settings import SECRET_VARIABLE, WebhookSettings, lines

PATH: Final = "/webhook"
_LARGEST_FILE: Final = 1 << 16
_STANDBY: Final = "standby"
_OVERSIZE: Final = "oversize"
_UNREADABLE: Final = "unreadable"

_log = logging.getLogger("secretsync.operator")

_STATUS: Final[Mapping[str, HTTPStatus]] = {
    Refused.UNSIGNED.value: HTTPStatus.UNAUTHORIZED,
    Refused.FORGED.value: HTTPStatus.UNAUTHORIZED,
    Refused.MALFORMED.value: HTTPStatus.BAD_REQUEST,
    Refused.STALE.value: HTTPStatus.BAD_REQUEST,
    Refused.REPLAYED.value: HTTPStatus.CONFLICT,
    Refused.BUSY.value: HTTPStatus.SERVICE_UNAVAILABLE,
    _STANDBY: HTTPStatus.SERVICE_UNAVAILABLE,
    _OVERSIZE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    _UNREADABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def secrets(settings: WebhookSettings) -> tuple[SecretValue, ...]:
    """Return the secrets that may have signed a delivery: those of the file as it is now, and the environment's.

    Raises:
        InvalidInput: The file cannot be read, or there is none at all: then everybody's delivery would be forged.
    """
    found = (*settings.secrets, *_file(settings.secret_file)) if settings.secret_file else settings.secrets
    if not found:
        problem = f"--webhook-address needs a secret; name its file by --webhook-secret-file, or set {SECRET_VARIABLE}"
        raise InvalidInput([problem])
    return found


def _file(path: str) -> tuple[SecretValue, ...]:
    try:
        with Path(path).open("rb") as file:
            return lines(file.read(_LARGEST_FILE).decode(errors="surrogateescape"))
    except OSError as error:
        reason = error.strerror
    raise InvalidInput([f"--webhook-secret-file: {path} cannot be read: {reason}"])


@frozen
class Webhook:
    """Whoever is told of changes by webhooks. Safe to call from several threads; nothing in it waits for anybody.

    Attributes:
        hear: Told of a change; returns False where this process does not lead, so that nothing comes of it.
    """

    settings: WebhookSettings
    hear: Callable[[Changed], bool]
    metrics: Metrics
    clock: Clock
    _deliveries: Deliveries = field(factory=Deliveries, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    @property
    def receiver(self) -> Receiver:
        return Receiver(LARGEST, self.take)

    def take(self, posted: Posted) -> Page:
        """Take a delivery in. Who sent it learns whether it counted, and nothing else."""
        result = self._taken(posted)
        self.metrics.delivered(result=result)
        _log.debug("a webhook: %s", result)
        return Page(f"{result}\n".encode(), _STATUS.get(result, HTTPStatus.OK))

    def _taken(self, posted: Posted) -> str:
        """Return what became of it, one of a closed set."""
        if posted.body is None:
            return _OVERSIZE
        try:
            known = secrets(self.settings)
        except InvalidInput as error:
            _log.warning("%s", error)
            return _UNREADABLE
        now, signature = self.clock.now(), posted.headers.get(self.settings.header, "")
        delivery = verified(posted.body, signature, secrets=known, now=now)
        if isinstance(delivery, Delivery):
            with self._lock:
                refused = self._deliveries.admit(delivery, now=now)
            return refused.value if refused else self._told(delivery)
        return delivery.value

    def _told(self, delivery: Delivery) -> str:
        if delivery.changed is None or self.hear(delivery.changed):
            return "accepted"
        return _STANDBY
