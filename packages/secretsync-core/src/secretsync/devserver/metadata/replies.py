"""Answers of the clouds' services: texts and JSON, without the KMS's ETags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from ..routing import Call, Reply


def text(body: str) -> Reply:
    return Reply(200, {"content-type": "text/plain"}, body.encode())


def record(body: Mapping[str, object]) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


def refused(status: int, word: str) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps({"error": word}).encode())


def form(call: Call) -> dict[str, str]:
    """Return the fields of a form."""
    return dict(parse_qsl(call.body.decode("latin-1")))
