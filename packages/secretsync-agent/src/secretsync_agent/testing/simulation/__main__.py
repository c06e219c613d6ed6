"""`python -m secretsync_agent.testing.simulation`: thousands of lives of agents, or one, with its story."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from secretsync.testing.simulation.many import add_arguments, live_them
from secretsync.testing.simulation.shrink import Shrunk, shrink

from .coverage import CHART
from .lives import live
from .shrink import PROGRAM, Case, tell
from .simulation import AREAS

_TOLD = 3
"""Violations whose stories are told: to find a short one takes minutes."""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=PROGRAM, description=__doc__, allow_abbrev=False)
    add_arguments(made, length=6.0)
    made.add_argument("--seed", type=int, metavar="K", help="live this one life only, and tell its story")
    made.add_argument("--deeds", type=_numbers, metavar="N,...", help="with --seed: do only these deeds, or none")
    made.add_argument("--pages", type=_names, default=(), metavar="NAME,...", help="with --seed: only these files")
    return made


def _numbers(text: str) -> tuple[int, ...]:
    return () if text == "none" else tuple(map(int, text.split(",")))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    if args.seed is not None:
        return _one_life(Case(args.seed, args.length, args.deeds, args.pages))
    if args.digests:
        say(*(f"{seed} {live(seed, hours=args.length).digest}" for seed in range(args.first, args.first + args.seeds)))
        return 0
    balance = live_them(partial(live, hours=args.length), args, say)
    cases = [Case(life.seed, args.length) for life in balance.broken]
    say("", CHART.table(balance.hits, AREAS))
    say(*(f"no {fault} hit in phase {phase}" for fault, phase in CHART.missing(balance.hits, AREAS)))
    for case in cases[:_TOLD]:
        say("", *tell(shrink(case, case.live())))
    say("", balance.line(), *(f"  {case.command}" for case in cases))
    return 1 if balance.broken else 0


def _one_life(case: Case) -> int:
    result = case.live()
    if result.violation is None:
        say(*result.story, f"seed {case.seed}: {result.hours:g} hours, and nothing that must not happen did")
        return 0
    say(*tell(Shrunk(case, result, result.violation, 0)))
    return 1


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - the command line's voice


if __name__ == "__main__":
    sys.exit(main())
