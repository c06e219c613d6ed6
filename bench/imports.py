"""What it costs to begin: `import secretsync`, and a command that only prints its help.

    python bench/imports.py --rounds 25

Each in fresh interpreters with compiled bytecode, one after the other in turn, so that a busy moment of the machine
falls on all alike. One JSON object gives the median milliseconds of whole processes, beside those of an interpreter
that does nothing, and the differences. See docs/benchmarks.md.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import argparse
import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench.programs import BIN, clean_environment

EMPTY: Final = "empty interpreter"
IN_PROCESS: Final = "import secretsync, timed inside"

COMMANDS: Final = {
    EMPTY: (sys.executable, "-c", "pass"),
    "import secretsync": (sys.executable, "-c", "import secretsync"),
    "secretsync-operator --help": (str(BIN / "secretsync-operator"), "--help"),
    "secretsync --help": (str(BIN / "secretsync"), "--help"),
}

TIMED_IMPORT: Final = """
from time import perf_counter
began = perf_counter()
import secretsync
print((perf_counter() - began) * 1e3)
"""


def process_ms(command: tuple[str, ...], env: dict[str, str]) -> float:
    """Return the milliseconds from start to end of a process."""
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1e3


def import_ms(env: dict[str, str]) -> float:
    """Return the milliseconds of the import alone, as a new interpreter sees them."""
    done = subprocess.run([sys.executable, "-c", TIMED_IMPORT], env=env, check=True, capture_output=True, text=True)
    return float(done.stdout)


def measured(rounds: int, env: dict[str, str]) -> Mapping[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in (*COMMANDS, IN_PROCESS)}
    for _ in range(rounds + 1):
        for name, command in COMMANDS.items():
            taken[name].append(process_ms(command, env))
        taken[IN_PROCESS].append(import_ms(env))
    # The first round compiles what was not compiled yet.
    return {name: round(median(times[1:]), 2) for name, times in taken.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25, help="processes of each kind")
    rounds = parser.parse_args().rounds
    with TemporaryDirectory() as home:
        took = measured(rounds, clean_environment(Path(home)))
    above = {name: round(took[name] - took[EMPTY], 2) for name in COMMANDS if name != EMPTY}
    print(json.dumps({"rounds": rounds, "median_ms": took, "above_empty_ms": above}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
