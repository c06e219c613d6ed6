"""Try every mutant and say which test killed it: `python -m mutants [-k TEXT] [--write]`, from `nox -s mutants`.

Fails if one survives, if a killer fails on the code as it is, or if the table in README.md is out of date.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from .catalogue import MUTANTS
from .mutant import Mutant, complaints
from .table import is_current, write
from .trial import Verdict, sound, tried


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit code."""
    options = _parser().parse_args(argv)
    mutants = [mutant for mutant in MUTANTS if options.k in mutant.name]
    wrong = [*complaints(mutants), *(sound(mutant.killer for mutant in mutants) if mutants else ["there is none"])]
    if wrong:
        print("These mutants cannot be tried:", *wrong, sep="\n  ")
        return 1
    verdicts = _all_tried(mutants)
    survivors = [verdict.mutant.name for verdict in verdicts if not verdict.killed]
    print(f"{len(verdicts) - len(survivors)} of {len(verdicts)} mutants were killed", *survivors, sep="\n  survived: ")
    if options.write and not survivors:
        write(MUTANTS)
    if not is_current(MUTANTS):
        print("tests/mutants/README.md is out of date: run this again with --write")
    return 1 if survivors or not is_current(MUTANTS) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutants", allow_abbrev=False, description=__doc__)
    parser.add_argument("-k", default="", metavar="TEXT", help="only mutants with this text in their names")
    parser.add_argument("--write", action="store_true", help="bring the table in README.md up to date")
    return parser


def _all_tried(mutants: Sequence[Mutant]) -> list[Verdict]:
    """Try them on all cores, and print each as soon as it is known."""
    verdicts = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in as_completed([pool.submit(tried, mutant) for mutant in mutants]):
            verdict = done.result()
            fate = "killed" if verdict.killed else "SURVIVED"
            print(f"{fate:8} {verdict.seconds:5.1f} s  {verdict.mutant.name:44} {verdict.mutant.killer}", flush=True)
            if not verdict.killed:
                print(f"         {verdict.said}")
            verdicts.append(verdict)
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
