"""Many lives at once, on all cores: each in a process of its own, because a world is one thread."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from itertools import islice, takewhile
from typing import Final

from attrs import frozen

from .coverage import Hits
from .scenario import Scenario
from .simulation import Simulation

CORES: Final = os.cpu_count() or 1


@frozen
class Life:
    """What is left of a life.

    Attributes:
        hours: How long it was, in virtual hours.
        violated: What broke, "" if nothing did.
        digest: The same for the same history.
        hits: How often which fault hit in which phase.
    """

    seed: int
    hours: float
    violated: str
    digest: str
    hits: Hits


def live(seed: int, *, hours: float, scenario: Scenario | None = None) -> Life:
    """Live one life.

    Args:
        scenario: What it begins with; by default, what the seed draws.
    """
    result = Simulation(seed, hours=hours, scenario=scenario).run()
    return Life(seed, result.hours, str(result.violation or ""), result.digest, result.hits)


def processes() -> ProcessPoolExecutor:
    """Return a pool of one process a core, to be used in `with`."""
    return ProcessPoolExecutor(CORES, mp_context=multiprocessing.get_context("spawn"))


def live_all(
    seeds: Iterable[int], *, hours: float, scenario: Scenario | None = None, go_on: Callable[[], bool] = lambda: True
) -> Iterator[Life]:
    """Yield the lives of all seeds as they end, in any order.

    Args:
        go_on: Asked before a life is begun; after its first no, none is.
    """
    work = partial(live, hours=hours, scenario=scenario)
    rest = takewhile(lambda _: go_on(), seeds)
    with processes() as pool:
        flying: set[Future[Life]] = {pool.submit(work, seed) for seed in islice(rest, CORES * 2)}
        while flying:
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            flying |= {pool.submit(work, seed) for seed in islice(rest, len(done))}
            yield from sorted((each.result() for each in done), key=lambda life: life.seed)
