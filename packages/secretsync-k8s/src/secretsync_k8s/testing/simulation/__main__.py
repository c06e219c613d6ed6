"""`python -m secretsync_k8s.testing.simulation`: thousands of lives of drawn scenarios, with progress and a balance.

`secretsync simulate` is for users and their manifests; this is for who changes secretsync.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import count
from typing import Final

from secretsync.testing.simulation.many import Balance
from secretsync.testing.simulation.shrink import shrink

from .coverage import CHART
from .lives import live, live_all
from .shrink import Case, tell
from .simulation import AREAS, scenario_of

_HOUR: Final = 3600.0
_TOLD: Final = 3
"""Violations whose stories are told: to find a short one takes minutes."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m secretsync_k8s.testing.simulation", description=__doc__, allow_abbrev=False
    )
    made.add_argument("--seeds", type=int, default=3000, metavar="N", help="live the lives of N seeds (default 3000)")
    made.add_argument(
        "--hours", type=float, metavar="H", help="live on with new seeds until H hours of real time are over"
    )
    made.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed (default 0)")
    made.add_argument("--length", type=float, default=24.0, metavar="H", help="virtual hours of a life (default 24)")
    made.add_argument("--digests", action="store_true", help="print each life's digest, one core, no progress")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if args.digests:
        say(*(f"{seed} {live(seed, hours=args.length).digest}" for seed in range(args.first, args.first + args.seeds)))
        return 0
    balance = live_them(args)
    cases = [Case(life.seed, args.length, scenario_of(life.seed)) for life in balance.broken]
    say("", CHART.table(balance.hits, AREAS))
    say(*(f"no {fault} hit in phase {phase}" for fault, phase in CHART.missing(balance.hits, AREAS)))
    for case in cases[:_TOLD]:
        say("", *tell(shrink(case, case.live())))
    say("", balance.line(), *(f"  {case.command}" for case in cases))
    return 1 if balance.broken else 0


def live_them(args: argparse.Namespace) -> Balance:
    """Live as many lives as are asked for, and say how far it has got."""
    began = time.monotonic()
    ends = began + args.hours * _HOUR if args.hours else float("inf")
    seeds = count(args.first) if args.hours else range(args.first, args.first + args.seeds)
    balance = Balance(began, None if args.hours else args.seeds)
    for line in balance.follow(live_all(seeds, hours=args.length, go_on=lambda: time.monotonic() < ends)):
        say(line)
    return balance


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - the command line's voice


if __name__ == "__main__":
    sys.exit(main())
