"""Real chance."""

from __future__ import annotations

import random


def chance() -> float:
    """Return a number in [0, 1): jitter, nothing that must be hard to guess."""
    return random.random()  # noqa: S311 - jitter
