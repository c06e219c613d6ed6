"""`python -m secretsync_k8s.testing.simulation`: thousands of lives of drawn scenarios, with progress and a balance.

`secretsync simulate` is for users and their manifests; this is for who changes secretsync.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

from secretsync.testing.simulation.many import add_arguments, live_them
from secretsync.testing.simulation.shrink import shrink

from .coverage import CHART
from .lives import live
from .shrink import Case, tell
from .simulation import AREAS, scenario_of

_TOLD: Final = 3
"""Violations whose stories are told: to find a short one takes minutes."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m secretsync_k8s.testing.simulation", description=__doc__, allow_abbrev=False
    )
    add_arguments(made, length=24.0)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if args.digests:
        say(*(f"{seed} {live(seed, hours=args.length).digest}" for seed in range(args.first, args.first + args.seeds)))
        return 0
    balance = live_them(partial(live, hours=args.length), args, say)
    cases = [Case(life.seed, args.length, scenario_of(life.seed)) for life in balance.broken]
    say("", CHART.table(balance.hits, AREAS))
    say(*(f"no {fault} hit in phase {phase}" for fault, phase in CHART.missing(balance.hits, AREAS)))
    for case in cases[:_TOLD]:
        say("", *tell(shrink(case, case.live())))
    say("", balance.line(), *(f"  {case.command}" for case in cases))
    return 1 if balance.broken else 0


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - the command line's voice


if __name__ == "__main__":
    sys.exit(main())
