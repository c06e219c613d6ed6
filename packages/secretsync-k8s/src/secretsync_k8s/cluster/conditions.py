"""Conditions of a custom resource's status (kmssecret §8.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from .texts import cut, timestamp
from .transport import Json

ConditionStatus = Literal["True", "False", "Unknown"]


def set_condition(
    conditions: Iterable[Json],
    *,
    type: str,  # noqa: A002 - the field's name in the API
    status: ConditionStatus,
    reason: str,
    message: str,
    generation: int,
    now: datetime,
) -> list[Json]:
    """Return the conditions with this one in place; the others, known to us or not, stay as they are.

    `lastTransitionTime` moves only when the status does, so an unchanged state gives an unchanged list. The message is
    cut at 1 KiB.
    """
    old = list(conditions)
    before = next((c for c in old if c.get("type") == type), None)
    moved = before is None or before.get("status") != status
    new: Json = {
        "type": type,
        "status": status,
        "reason": reason,
        "message": cut(message),
        "observedGeneration": generation,
        "lastTransitionTime": timestamp(now) if before is None or moved else before.get("lastTransitionTime"),
    }
    return [*old, new] if before is None else [new if c is before else c for c in old]
