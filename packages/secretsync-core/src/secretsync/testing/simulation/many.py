"""Many lives at once, on all cores: each in a process of its own, because a world is one thread."""

from __future__ import annotations

import multiprocessing
import os
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import count, islice, takewhile
from typing import Final

from attrs import field

from ...classes import define, frozen
from .coverage import Hits

CORES: Final = os.cpu_count() or 1
_HOUR: Final = 3600.0
_EVERY: Final = 15.0
"""Seconds between two lines of progress."""


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


def processes() -> ProcessPoolExecutor:
    """Return a pool of one process a core, to be used in `with`."""
    return ProcessPoolExecutor(CORES, mp_context=multiprocessing.get_context("spawn"))


def live_all(
    live: Callable[[int], Life], seeds: Iterable[int], *, go_on: Callable[[], bool] = lambda: True
) -> Iterator[Life]:
    """Yield the lives of all seeds as they end, in any order.

    Args:
        live: Lives one; it goes to other processes.
        go_on: Asked before a life is begun; after its first no, none is.
    """
    rest = takewhile(lambda _: go_on(), seeds)
    with processes() as pool:
        flying: set[Future[Life]] = {pool.submit(live, seed) for seed in islice(rest, CORES * 2)}
        while flying:
            done, flying = wait(flying, return_when=FIRST_COMPLETED)
            flying |= {pool.submit(live, seed) for seed in islice(rest, len(done))}
            yield from sorted((each.result() for each in done), key=lambda life: life.seed)


def add_arguments(parser: ArgumentParser, *, length: float) -> None:
    """Add the options of who lives many lives; one life is `length` virtual hours long."""
    parser.add_argument("--seeds", type=int, default=3000, metavar="N", help="live the lives of N seeds (default 3000)")
    parser.add_argument(
        "--hours", type=float, metavar="H", help="live on with new seeds until H hours of real time are over"
    )
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed (default 0)")
    parser.add_argument(
        "--length", type=float, default=length, metavar="H", help=f"virtual hours of a life (default {length:g})"
    )
    parser.add_argument("--digests", action="store_true", help="print each life's digest, one core, no progress")


def live_them(live: Callable[[int], Life], args: Namespace, say: Callable[[str], None]) -> Balance:
    """Live as many lives as `add_arguments` has had asked for, and say how far it has got."""
    began = time.monotonic()
    ends = began + args.hours * _HOUR if args.hours else float("inf")
    seeds = count(args.first) if args.hours else range(args.first, args.first + args.seeds)
    balance = Balance(began, None if args.hours else args.seeds)
    for line in balance.follow(live_all(live, seeds, go_on=lambda: time.monotonic() < ends)):
        say(line)
    return balance


@define
class Balance:
    """How far it has got."""

    began: float
    wanted: int | None
    lives: int = 0
    hours: float = 0.0
    broken: list[Life] = field(factory=list)
    hits: Hits = field(factory=Counter)

    def follow(self, lives: Iterable[Life]) -> Iterator[str]:
        """Count lives as they end; yield what is worth saying."""
        said = self.began
        for life in lives:
            self.lives += 1
            self.hours += life.hours
            self.hits.update(life.hits)
            if life.violated:
                self.broken.append(life)
                yield f"seed {life.seed}: {life.violated}"
            if time.monotonic() >= said + _EVERY:
                said = time.monotonic()
                yield self.line()

    def line(self) -> str:
        of = f" of {self.wanted}" if self.wanted else ""
        took = time.monotonic() - self.began
        return f"{self.lives}{of} lives, {self.hours:,.0f} virtual hours in {took:.0f} s, {len(self.broken)} violations"
