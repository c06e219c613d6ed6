"""How the agent looks after what dynamic secrets lend to templates (agent §9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from secretsync.backends.kms.lease_book import Care

from .settings import LeaseStrategy

_PART: Final = 0.1
_LEAST: Final = 15.0
"""Seconds: so much earlier than its end a lease was always replaced."""

CARE: Final[Mapping[LeaseStrategy, Care]] = {
    LeaseStrategy.REPLACE: Care(part=_PART, least=_LEAST, renews=False),
    LeaseStrategy.RENEW: Care(part=_PART, least=_LEAST),
}
"""A lease that was replaced lives to its end: nobody knows when the last reader of a file has read it again."""
