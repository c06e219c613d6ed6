"""Events about an object, as `kubectl describe` shows them (kmssecret §8.2)."""

from __future__ import annotations

import hashlib
import logging
from typing import Final, Literal

from secretsync.classes import frozen
from secretsync.clock import Clock
from secretsync.errors import SecretSyncError

from .resources import EVENTS
from .texts import cut, timestamp
from .transport import Json, Transport

_log = logging.getLogger("secretsync.cluster")

_TIMEOUT: Final = 5.0
_NAME: Final = 220
"""Characters kept of an object's name: with a dot and 32 digits a name of 253 is not reached."""

EventType = Literal["Normal", "Warning"]


@frozen
class Events:
    """Posts events; losing one is never an error. Thread-safe.

    Attributes:
        component: Who reports, a qualified name such as `secrets.lux.network/operator`.
        instance: Which process of it, usually the pod's name.
    """

    transport: Transport
    clock: Clock
    component: str
    instance: str

    def post(self, regarding: Json, *, type: EventType, reason: str, note: str) -> None:  # noqa: A002 - the API's name
        """Post one event about `regarding`, a whole object or its first fields (apiVersion, kind, metadata)."""
        try:
            event = self._event(regarding, type=type, reason=reason, note=cut(note))
            self.transport.request("POST", EVENTS.path(event["metadata"]["namespace"]), body=event, timeout=_TIMEOUT)
        except SecretSyncError as error:
            _log.debug("event %s was not taken: %s", reason, error.code)

    def _event(self, regarding: Json, *, type: EventType, reason: str, note: str) -> Json:  # noqa: A002
        metadata = regarding["metadata"]
        namespace = metadata.get("namespace") or "default"
        time = timestamp(self.clock.now(), timespec="microseconds")
        return {
            "apiVersion": EVENTS.api_version,
            "kind": EVENTS.kind,
            "metadata": {"name": _name(metadata, reason, time, note), "namespace": namespace},
            "eventTime": time,
            "reportingController": self.component,
            "reportingInstance": self.instance,
            "action": reason,
            "reason": reason,
            "type": type,
            "note": note,
            "regarding": {
                "apiVersion": regarding["apiVersion"],
                "kind": regarding["kind"],
                **{key: metadata[key] for key in ("namespace", "name", "uid", "resourceVersion") if key in metadata},
            },
        }


def _name(metadata: Json, reason: str, time: str, note: str) -> str:
    # Deterministic, so that a repeated post is refused as AlreadyExists instead of telling the same twice.
    parts = "\0".join((metadata.get("uid", ""), reason, time, note))
    return f"{metadata['name'][:_NAME].rstrip('.-')}.{hashlib.sha256(parts.encode()).hexdigest()[:32]}"
