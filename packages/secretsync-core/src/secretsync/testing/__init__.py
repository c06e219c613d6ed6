"""What tests of programs that use secretsync need: shipped, typed and documented like the rest."""

from .clock import ManualClock as ManualClock

__all__ = ["ManualClock"]
