"""Many lives of operators at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from secretsync.testing.simulation import many
from secretsync.testing.simulation.living import leave_loaded
from secretsync.testing.simulation.many import Life

from .scenario import Scenario
from .simulation import Simulation


def live(seed: int, *, hours: float, scenario: Scenario | None = None) -> Life:
    """Live one life.

    Args:
        scenario: What it begins with; by default, what the seed draws.
    """
    leave_loaded()
    result = Simulation(seed, hours=hours, scenario=scenario).run()
    return Life(seed, result.hours, str(result.violation or ""), result.digest, result.hits)


def live_all(
    seeds: Iterable[int], *, hours: float, scenario: Scenario | None = None, go_on: Callable[[], bool] = lambda: True
) -> Iterator[Life]:
    """Yield the lives of all seeds as they end, in any order; `go_on` is that of `many.live_all`."""
    return many.live_all(partial(live, hours=hours, scenario=scenario), seeds, go_on=go_on)
