"""What it costs to read through `secretsync.open`: beside httpx alone, at rest, and in memory.

    python bench/kms.py
    python bench/kms.py --part quiet --folders 100

    reading  sixteen threads read every folder through one client, beside a loop of httpx that does the same
    quiet    every folder is watched for an interval in which nothing changes
    memory   what many reads leave behind

All against the KMS of `late.py`, without its delay, in a process of its own; so are both readers (`reading.py`). Prints
one JSON object with each figure, each bound, and in `missed` what does not hold; then the exit code is 1.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import json
import time
from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import define, frozen
from bench.claims import Claim, Json, Measured, parser, report, tell
from bench.listing import ENVIRONMENT, PROJECT_ID
from bench.programs import Program, clean_environment
from bench.reading import READERS, THREADS
from bench.world import GIVE_UP, Api, late_kms

import secretsync
from secretsync.reconcile.reads import LEAST

DROPPED: Final = 6.0
"""Seconds after a read in which the engine has dropped its value."""
BOUND: Final = 1.3
"""Times the CPU time of httpx alone."""
SLACK: Final = 1.0
"""Seconds by which a check may be late."""
WARM: Final = 5
"""How often every folder is read before memory is looked at."""
OTHERS: Final = 4
"""Descriptors that reading may open beside a connection a thread."""


@frozen
class Options:
    """How many folders, rounds of comparison and reads in all, and the seconds between two checks of a watch."""

    folders: int
    rounds: int
    reads: int
    interval: float


@define(eq=False)
class Reader:
    """A process that reads all folders when it is told to."""

    program: Program
    counted: float = 0.0

    def read(self, word: str) -> float:
        """Have it read; return the CPU time in seconds that it took since it was asked last."""
        self.program.tell(word)
        self.program.line()
        before, self.counted = self.counted, self.program.cpu_seconds
        return self.counted - before


@frozen
class World:
    """A KMS, and how to start who reads it."""

    folder: Path
    stack: ExitStack
    kms: Api
    folders: int

    @property
    def url(self) -> str:
        return f"http://{self.kms.address}"

    def reader(self, by: str) -> Reader:
        command = [sys.executable, str(Path(__file__).with_name("reading.py")), "--by", by, "--url", self.url]
        command += ["--folders", str(self.folders)]
        program = Program(command, env=clean_environment(self.folder), log=self.folder / by)
        self.stack.enter_context(program).line()
        return Reader(program, program.cpu_seconds)

    def answers(self) -> Counter[int]:
        """Return how many lists were answered with which status since this was asked last."""
        asked = self.kms.requests()
        self.kms.forget()
        return Counter(one["status"] for one in asked if one["route"] == "list")


@contextmanager
def world(options: Options) -> Iterator[World]:
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        _, kms = late_kms(0.0, folder, stack)
        yield World(folder, stack, kms, options.folders)


# -- reading


@frozen
class Pass:
    """One reader over all folders: CPU time in seconds, and how many answers it got of each status."""

    cpu: float
    answers: Counter[int]


KINDS: Final = ("anew", "again")
"""Passes over all folders: no value is held at the first, all are at the second, if that comes soon enough."""


def reading(options: Options) -> Measured:
    taken: dict[tuple[str, str], list[Pass]] = defaultdict(list)
    with world(options) as here:
        readers = {by: here.reader(by) for by in READERS}
        for reader in readers.values():
            reader.read("anew")  # logins, connections, and what is loaded at the first request
        for _ in range(options.rounds):
            time.sleep(DROPPED)
            here.answers()
            for by, reader in readers.items():
                for kind in KINDS:
                    taken[kind, by].append(Pass(reader.read(kind), here.answers()))
    both = {kind: compared(taken[kind, "secretsync"], taken[kind, "httpx"], options.folders) for kind in KINDS}
    claims = [
        claim
        for kind, (found, strays) in both.items()
        for claim in (
            Claim(f"CPU time of reading {kind}, in that of a bare httpx loop", found["in_bare_loops"], BOUND),
            Claim(f"requests of reading {kind} too many or too few", strays, 0),
        )
    ]
    return {kind: found for kind, (found, _) in both.items()}, claims


def compared(ours: list[Pass], bare: list[Pass], folders: int) -> tuple[Json, int]:
    """Return the figures of passes in turn, and how many requests were too many or too few."""
    ratio = median(one.cpu / other.cpu for one, other in zip(ours, bare, strict=True))
    found = {
        "cpu_ms_a_read": round(1e3 * median(one.cpu for one in ours) / folders, 3),
        "bare_cpu_ms_a_read": round(1e3 * median(one.cpu for one in bare) / folders, 3),
        "in_bare_loops": round(ratio, 2),
        "answers": sum((one.answers for one in ours), Counter()),
        "bare_answers": sum((one.answers for one in bare), Counter()),
    }
    return found, sum(abs(one.answers.total() - folders) for one in (*ours, *bare))


# -- at rest


def quiet(options: Options) -> Measured:
    """Watch every folder until each is checked at its turn, and look at one interval after that."""
    with world(options) as here, decodings() as decoded, opened(here) as client:
        watches = [
            client.watch(PROJECT_ID, ENVIRONMENT, f"/folder-{n}", interval=options.interval, push=False)
            for n in range(options.folders)
        ]
        if any(watch.next(GIVE_UP) is None for watch in watches):
            raise RuntimeError("not every folder was read")
        if len(decoded) < options.folders:
            raise RuntimeError("not every body was seen to be parsed, though each was")
        began = time.monotonic()
        # The first check may be left out, because it would come too soon; after that each has its turn.
        settled = options.interval + min(LEAST, options.interval)
        time.sleep(settled + 1.5 * options.interval + SLACK)
        lists = [one for one in here.kms.requests() if one["route"] == "list"]
    first, last = began + settled, began + settled + options.interval / 2
    start = widest_gap([first, *sorted(one["at"] for one in lists if first <= one["at"] <= last), last])
    within = [one for one in lists if start <= one["at"] < start + options.interval]
    statuses, folders = Counter(one["status"] for one in within), len({one["folder"] for one in within})
    parsed = sum(start <= at < start + options.interval for at in decoded)
    return {"requests": len(within), "answers": statuses, "folders": folders, "bodies_parsed": parsed}, [
        Claim("requests too many or too few", abs(len(within) - options.folders), 0),
        Claim("folders that were not asked for", options.folders - folders, 0),
        Claim("requests that were not answered by 304", len(within) - statuses[304], 0),
        Claim("bodies that were parsed", parsed, 0),
    ]


@contextmanager
def decodings() -> Iterator[list[float]]:
    """Note when this process decodes JSON."""
    times: list[float] = []
    decode = json.loads

    def noting(*args: Any, **options: Any) -> Any:
        times.append(time.monotonic())
        return decode(*args, **options)

    json.loads = noting
    try:
        yield times
    finally:
        json.loads = decode


def opened(here: World) -> secretsync.Client:
    return secretsync.open(here.url, client_id="bench", client_secret="bench")


def widest_gap(times: list[float]) -> float:
    """Return the middle of the longest time between two neighbours, where nothing is under way."""
    before, after = max(pairwise(times), key=lambda pair: pair[1] - pair[0])
    return (before + after) / 2


# -- memory


def memory(options: Options) -> Measured:
    with world(options) as here:
        reader = here.reader("secretsync")
        opened_at_first = reader.program.descriptors
        for _ in range(WARM):
            reader.read("again")
        warm, descriptors = reader.program.resident_kb, []
        for _ in range(options.reads // options.folders):
            reader.read("again")
            descriptors.append(reader.program.descriptors)
        grown = round((reader.program.resident_kb - warm) / 1e3, 2)
    found = {"warm_mb": round(warm / 1e3, 1), "grown_mb": grown, "descriptors": max(descriptors)}
    return found, [
        Claim("megabytes that memory has grown by", grown, 1.0),
        Claim("descriptors more than before", max(descriptors) - opened_at_first, THREADS + OTHERS),
    ]


# -- the report

PARTS: Final[Mapping[str, Callable[[Options], Measured]]] = {"reading": reading, "quiet": quiet, "memory": memory}


def arguments() -> Namespace:
    made = parser(__doc__, PARTS)
    made.add_argument("--folders", type=int, default=1000)
    made.add_argument("--rounds", type=int, default=7, help="of the comparison, whose medians count")
    made.add_argument("--reads", type=int, default=50_000, help="of which memory should tell nothing")
    made.add_argument("--interval", type=float, default=30.0, help="seconds between two checks of a watched folder")
    return made.parse_args()


def main() -> int:
    args = arguments()
    options = Options(args.folders, args.rounds, args.reads, args.interval)
    return tell(report({part: partial(PARTS[part], options) for part in args.part or PARTS}))


if __name__ == "__main__":
    sys.exit(main())
