"""The key of all digests: a Secret of the operator's own, made once by whoever comes first (kmssecret §5)."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from secretsync.errors import InvalidInput

from ..cluster.resources import SECRETS
from ..cluster.transport import ApiError, Json, Transport

NAME: Final = "kms-operator-hmac"
_FIELD: Final = "key"
_SIZE: Final = 32

_log = logging.getLogger("secretsync.operator")


def install_key(transport: Transport, *, namespace: str, entropy: Callable[[int], bytes]) -> bytes:
    """Return the key, made now if there is none.

    Args:
        entropy: So many random bytes: `os.urandom`.

    Raises:
        BackendError: The API server cannot be had, or refuses; worth another try.
        InvalidInput: There is a Secret of that name without a key in it.
    """
    held = _read(transport, namespace)
    if held is None:
        held = _create(transport, namespace, entropy(_SIZE)) or _read(transport, namespace)
    raw = b64decode(((held or {}).get("data") or {}).get(_FIELD, ""))
    if len(raw) < _SIZE:
        problem = (
            f"Secret {namespace}/{NAME}: data.{_FIELD} must hold {_SIZE} bytes; delete the Secret to have it made anew"
        )
        raise InvalidInput([problem])
    return raw


def _read(transport: Transport, namespace: str) -> Json | None:
    try:
        return transport.request("GET", SECRETS.path(namespace, NAME))
    except ApiError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return None
        raise


def _create(transport: Transport, namespace: str, key: bytes) -> Json | None:
    """Return what was made, None when somebody else was faster."""
    body: Json = {
        "apiVersion": SECRETS.api_version,
        "kind": SECRETS.kind,
        "metadata": {"name": NAME, "namespace": namespace},
        "data": {_FIELD: b64encode(key).decode()},
    }
    try:
        made = transport.request("POST", SECRETS.path(namespace), body=body)
    except ApiError as error:
        if error.status == HTTPStatus.CONFLICT:
            return None
        raise
    _log.info("made Secret %s/%s: the key of all digests", namespace, NAME)
    return made
