"""Whether a webhook's delivery is the KMS's own, and what it says has changed (kms-api §11.2). Pure: time comes in.

A delivery proves itself by a header, `t=<milliseconds>;<hex HMAC-SHA256 of the body>`. The time in the header is not
signed, that in the body is: so the two must be equal, and the window is one of signed times.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final

from ...classes import frozen
from ...values import SecretValue
from .events import EVERYWHERE, Place
from .queries import absolute

HEADER: Final = "x-infisical-signature"
LARGEST: Final = 1 << 16
"""Bytes of a body; those that servers send have less than one in a hundred of it."""
WINDOW: Final = 300.0
"""Seconds by which the clocks may differ, and for which a delivery is on its way at most."""

_MOST_REMEMBERED: Final = 10_000
_SIGNATURE: Final = re.compile(r"t=([0-9]{1,15});([0-9a-fA-F]{64})")
_NO_CHANGE: Final = frozenset({"test", "secrets.rotation-failed", "honey-token.triggered"})
"""Events after which every folder holds what it held."""


class Refused(Enum):
    """Why a delivery is not believed; for metrics."""

    UNSIGNED = "unsigned"
    FORGED = "forged"
    """Not signed with a secret of ours, or the time in the header is not the signed one."""
    MALFORMED = "malformed"
    """Signed, and yet nothing that a KMS sends."""
    STALE = "stale"
    REPLAYED = "replayed"
    BUSY = "busy"
    """So many came that not one more could be told from a replay later."""


@frozen
class Changed:
    """A place of a project where something changed; of the project "" anything may have."""

    project: str = ""
    place: Place = EVERYWHERE


@frozen
class Delivery:
    """A delivery of the KMS's own.

    Attributes:
        digest: By which a second one of the same is known.
        changed: What it tells, None where that is no change of secrets.
    """

    digest: bytes
    changed: Changed | None


def verified(body: bytes, signature: str, *, secrets: Iterable[SecretValue], now: datetime) -> Delivery | Refused:
    """Return what a delivery tells.

    Args:
        body: As it came: every byte of it is signed.
        signature: What stands in the header.
        secrets: Any of which may have signed it: while one is replaced by another, both are good.
    """
    written = _SIGNATURE.fullmatch(signature.strip())
    if written is None:
        return Refused.UNSIGNED
    digest = bytes.fromhex(written[2])
    if not _is_signed(body, digest, secrets):
        return Refused.FORGED
    told = _object(body)
    if told is None:
        return Refused.MALFORMED
    if str(told.get("timestamp")) != written[1]:
        return Refused.FORGED
    is_stale = abs(now.timestamp() - int(written[1]) / 1000.0) > WINDOW
    return Refused.STALE if is_stale else Delivery(digest, _changed(told))


def _is_signed(body: bytes, digest: bytes, secrets: Iterable[SecretValue]) -> bool:
    """Compare with all secrets and in constant time, so that how long it takes tells nothing."""
    good = [hmac.compare_digest(hmac.digest(one.reveal(), body, hashlib.sha256), digest) for one in secrets]
    return any(good)


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _changed(told: Mapping[str, Any]) -> Changed | None:
    """Return where; what cannot be understood may have changed anything."""
    if told.get("event") in _NO_CHANGE:
        return None
    project = told.get("project")
    where = project if isinstance(project, dict) else {}
    name = where.get("projectId") or where.get("workspaceId")
    environment, path = where.get("environment"), where.get("secretPath")
    if not isinstance(name, str):
        return Changed()
    if not (isinstance(environment, str) and isinstance(path, str) and environment):
        return Changed(name)
    return Changed(name, Place(environment, absolute(path)))


class Deliveries:
    """Those that came within the window, so that none counts twice. Not thread-safe."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()
        self._order: deque[tuple[float, bytes]] = deque()

    def admit(self, delivery: Delivery, *, now: datetime) -> Refused | None:
        """Remember a delivery; return why it is refused, if it is."""
        moment = now.timestamp()
        while self._order and self._order[0][0] < moment:
            self._digests.discard(self._order.popleft()[1])
        if delivery.digest in self._digests:
            return Refused.REPLAYED
        if len(self._digests) >= _MOST_REMEMBERED:
            return Refused.BUSY
        self._digests.add(delivery.digest)
        self._order.append((moment + 2 * WINDOW, delivery.digest))
        return None
