"""What the invariants grant processes."""

from __future__ import annotations

from typing import Final

SLACK: Final = 20.0
"""Seconds beside an interval in which a target must be right: what a take-over may cost."""
DRIFT: Final = 1.011
"""How much longer than in the world an interval may be by a process's clock."""
