"""Many lives of agents at once."""

from __future__ import annotations

from secretsync.testing.simulation.living import leave_loaded
from secretsync.testing.simulation.many import Life

from .simulation import Simulation


def live(seed: int, *, hours: float) -> Life:
    """Live one life."""
    leave_loaded()
    result = Simulation(seed, hours=hours).run()
    return Life(seed, result.hours, str(result.violation or ""), result.digest, result.hits)
