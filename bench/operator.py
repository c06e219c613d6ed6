"""What an operator costs and how fast it is, in a burst, at rest, behind a crowd and after a restart.

    python bench/operator.py
    python bench/operator.py --part a --objects 100

    a        every object at once, with a folder each and then all on one folder
    b        objects at rest, on one folder and then on a folder each
    c        a new object while a refresh of every other one is due
    d        resident memory, without objects and an object
    restart  the operator anew, over objects that are in step

All against a Kubernetes API server in memory, or by `--cluster real` a real control plane, and a KMS that answers after 50 ms, in processes of their own. One JSON
object has each figure, each bound, and in `missed` what does not hold; then the exit code is 1. Another operator is
measured by `--cmd`, other objects by `--template`. See docs/benchmarks.md.
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
from tempfile import TemporaryDirectory
from typing import Final

from attrs import evolve, frozen
from bench.claims import Claim, Measure, Measured, parser, report, tell
from bench.programs import Program, clean_environment
from bench.world import (
    GIVE_UP,
    NAMESPACE,
    OBJECT,
    OURS,
    SECRETS,
    Arrivals,
    Json,
    Objects,
    StartCluster,
    World,
    burst,
    delivered,
    late_kms,
    start_memory,
    started,
)

from secretsync.client_policy import OPERATOR
from secretsync_k8s.operator.assembly import CLUSTER_IN_FLIGHT

LINGER: Final = 8.0
"""Seconds after which nothing of a burst is held any more: neither values nor idle connections."""
BARE: Final = "/bare"
"""The folder that the loop we compare with reads; not one of an object."""
SLACK: Final = 1.0
"""Seconds that an interval may be exceeded by: the request itself takes its time too."""
NEWCOMERS: Final = 5
SLICES: Final = 10
"""Parts of an interval of which the busiest is looked at."""


@frozen
class Options:
    """How to measure: the operator's command, the objects' template, and in seconds the KMS's delay and the interval.

    Attributes:
        objects: How many, None for each part's own number.
        real: On a real control plane, in place of an API server in memory.
    """

    command: str
    template: str
    delay: float
    interval: int
    objects: int | None
    real: bool = False

    def many(self, usual: int, *, one_folder: bool = False) -> Objects:
        count = self.objects or usual
        return Objects(count, 1 if one_folder else count, self.interval, self.template)


@contextmanager
def world(options: Options) -> Iterator[World]:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        yield started(options.command, Path(folder), stack, partial(late_kms, options.delay), cluster_of(options))


def cluster_of(options: Options) -> StartCluster:
    if not options.real:
        return start_memory
    from bench.real import start_real  # with what starts a control plane

    return start_real


# -- a: a burst


def burst_on_folders(options: Options) -> Measured:
    objects = options.many(1000)
    with world(options) as here:
        found = burst(here, objects)
        if options.real:
            here.operator.stop()
            found["bare"] = bare_burst(here, objects.count)
    asked = sum(found["cluster"].values())
    claims = [
        Claim("seconds until the last target", found["seconds"]["targets"], 15.0),
        Claim("requests to the API server", asked, 3 * objects.count + 2),  # the two: credentials, settings
    ]
    if options.real:
        last = found["seconds"]["statuses"]
        in_bare = last and round(last / found["bare"]["seconds"], 2)
        claims.append(Claim("time, in that of a bare loop", in_bare, 2.0))
    return found, claims


def bare_burst(here: World, objects: int) -> Json:
    """Return how long it takes to do for each object what the operator does, and nothing more."""
    kubeconfig = json.loads((here.folder / "kubeconfig").read_text())
    plan = {
        "kms": here.kms.address,
        "cluster": here.cluster.address,
        "authority": kubeconfig["clusters"][0]["cluster"]["certificate-authority"],
        "token": kubeconfig["users"][0]["user"]["token"],
        "namespace": NAMESPACE,
        "objects": objects,
        "readers": OPERATOR.in_flight,
        "writers": CLUSTER_IN_FLIGHT,
    }
    command = [sys.executable, str(Path(__file__).with_name("bare.py"))]
    with Program(command, env=clean_environment(here.folder), log=here.folder / "bare") as program:
        program.tell(json.dumps(plan))
        told: Json = json.loads(program.line())
    return told


def burst_on_one_folder(options: Options) -> Measured:
    with world(options) as here:
        found = burst(here, options.many(1000, one_folder=True))
    return found, [
        Claim("seconds until the last target", found["seconds"]["targets"], 12.0),
        Claim("requests to the KMS", sum(found["kms"].values()), 10),
    ]


# -- b: at rest


def rest_on_one_folder(options: Options) -> Measured:
    found = at_rest(options, options.many(5000, one_folder=True))
    return found, [
        Claim("per cent of a core", found["percent_of_a_core"], 2.0),
        *quiet(found, options.interval),
    ]


def rest_on_folders(options: Options) -> Measured:
    found = at_rest(options, options.many(5000))
    return found, [
        Claim("CPU time, in that of a bare httpx loop", found["in_bare_loops"], 3.0),
        *quiet(found, options.interval),
    ]


def quiet(found: Json, interval: float) -> list[Claim]:
    return [
        Claim("longest seconds between two reads of a folder", found["longest_gap"], interval + SLACK),
        Claim("writes to the API server", found["writes"], 0),
    ]


def at_rest(options: Options, objects: Objects) -> Json:
    """Return what one interval costs in which nothing happens, and that no check was missed in it nor the one before."""
    with world(options) as here:
        delivery = burst(here, objects)["seconds"]
        here.kms.forget()
        time.sleep(options.interval)  # until each check has come to its turn
        here.cluster.forget()
        before, began = here.operator.cpu_seconds, time.monotonic()
        bare = bare_loop(here, seconds=options.interval / 2)
        time.sleep(max(0.0, began + options.interval - time.monotonic()))
        cpu, seconds = here.operator.cpu_seconds - before, time.monotonic() - began
        lists = lists_of(here)
        reads = sum(at >= began for times in lists.values() for at in times)
        return {
            "delivery_seconds": delivery,
            "reads": reads,
            "cpu_ms_a_read": round(1e3 * cpu / max(1, reads), 3),
            "percent_of_a_core": round(100 * cpu / seconds, 2),
            "bare_cpu_ms_a_read": round(bare, 3),
            "in_bare_loops": round(1e3 * cpu / max(1, reads) / bare, 2),
            "longest_gap": round(longest_gap(lists, time.monotonic()), 2),
            "writes": here.writes(),
            "asked": here.asked(),
        }


def bare_loop(here: World, *, seconds: float) -> float:
    """Return the CPU time in milliseconds of one conditional read by httpx alone, measured beside the operator."""
    script = Path(__file__).with_name("reads.py")
    command = [sys.executable, str(script), "--url", f"http://{here.kms.address}"]
    command += ["--seconds", str(seconds)]
    with Program(command, env=clean_environment(here.folder), log=here.folder / "bare") as program:
        said = json.loads(program.line())
    return 1e3 * float(said["cpu_seconds"]) / float(said["reads"])


def lists_of(here: World) -> Mapping[str, list[float]]:
    """Return when each folder of an object was listed."""
    lists = defaultdict(list)
    for one in here.kms.requests():
        if one["route"] == "list" and one["folder"] != BARE:
            lists[one["folder"]].append(one["at"])
    return lists


def longest_gap(lists: Mapping[str, list[float]], now: float) -> float:
    return max(later - earlier for times in lists.values() for earlier, later in pairwise([*times, now]))


# -- c: a newcomer in a crowd


def newcomer(options: Options) -> Measured:
    """Have more checks due than the KMS takes, then create objects one after the other."""
    objects = options.many(5000)
    crowded = f"{options.command} --max-interval 1s" if options.command == OURS else options.command
    with world(evolve(options, command=crowded)) as here:
        burst_until_there(here, objects)
        time.sleep(LINGER)
        here.forget()
        took = [one_more(here, evolve(objects, count=objects.count + n + 1)) for n in range(NEWCOMERS)]
        lists = lists_of(here)
        found = {"seconds": took, "reads_meanwhile": sum(map(len, lists.values())), "folders_read": len(lists)}
    slowest = max((one for one in took if one is not None), default=None)
    return found, [Claim("seconds until the target", None if None in took else slowest, 2.0)]


def one_more(here: World, objects: Objects) -> float | None:
    """Return the seconds until the last object, which is created now, is delivered."""
    last = objects.count - 1
    arrival = Arrivals(1, lambda secret: secret["metadata"]["name"] == f"target-{last}" and delivered(secret))
    arrival.watch(here.cluster, SECRETS)
    time.sleep(1.0)  # between two, and for the watch
    began = time.monotonic()
    here.create(evolve(objects, folders=objects.count), first=last)
    arrival.complete.wait(GIVE_UP)
    return arrival.last(began)


def burst_until_there(here: World, objects: Objects) -> None:
    targets = Arrivals(objects.count, delivered)
    targets.watch(here.cluster, SECRETS)
    here.create(objects)
    if not targets.complete.wait(GIVE_UP):
        raise RuntimeError(f"not every target came: {here.operator.last_words()}")


# -- d: memory


def memory(options: Options) -> Measured:
    objects = options.many(10_000)
    with world(options) as here:
        empty = here.operator.resident_kb
        delivery = burst(here, objects)["seconds"]
        time.sleep(LINGER)
        full, peak = here.operator.resident_kb, here.operator.peak_mib
    found = {
        "delivery_seconds": delivery,
        "empty_mb": round(empty / 1e3, 1),
        "full_mb": round(full / 1e3, 1),
        "peak_mib": round(peak, 1),
        "kb_an_object": round((full - empty) / objects.count, 2),
    }
    return found, [
        Claim("megabytes when empty", found["empty_mb"], 80.0),
        Claim("kilobytes an object", found["kb_an_object"], 10.0),
    ]


# -- a restart


def restart(options: Options) -> Measured:
    objects = options.many(1000)
    with world(options) as here:
        burst(here, objects)
        here.operator.stop()
        here.forget()
        began = time.monotonic()
        here.start_operator()
        here.wait_until(here.is_ready)
        ready = time.monotonic() - began
        time.sleep(max(0.0, began + options.interval - time.monotonic()))
        lists = lists_of(here)
        found: Json = {
            "ready_seconds": round(ready, 2),
            "folders_read": len(lists),
            "most_lists_of_a_folder": max(map(len, lists.values()), default=0),
            "busiest_tenth": busiest(lists, began, options.interval / SLICES),
            "kms": dict(Counter(one["route"] for one in here.kms.requests())),
            "asked": here.asked(),
        }
        writes = here.writes()
    return found, [
        Claim("seconds until it is ready", found["ready_seconds"], 5.0),
        Claim("writes to the API server", writes, 0),
        Claim("lists of one folder in the first interval", found["most_lists_of_a_folder"], 1),
        Claim("part of all lists in the busiest tenth of the interval", found["busiest_tenth"], 0.3),
    ]


def busiest(lists: Mapping[str, list[float]], began: float, slice_seconds: float) -> float:
    """Return the part of all lists that fall into the busiest slice."""
    slices = Counter(int((at - began) // slice_seconds) for times in lists.values() for at in times)
    return round(max(slices.values(), default=0) / max(1, slices.total()), 3)


# -- the report


PARTS: Final[Mapping[str, Mapping[str, Callable[[Options], Measured]]]] = {
    "a": {"folder_each": burst_on_folders, "one_folder": burst_on_one_folder},
    "b": {"one_folder": rest_on_one_folder, "folder_each": rest_on_folders},
    "c": {"newcomer": newcomer},
    "d": {"memory": memory},
    "restart": {"restart": restart},
}


def measures(options: Options, parts: list[str]) -> dict[str, Measure]:
    return {f"{part}.{name}": partial(one, options) for part in parts for name, one in PARTS[part].items()}


def arguments() -> Namespace:
    made = parser(__doc__, PARTS)
    made.add_argument("--objects", type=int, help="in every part; without it each has its own number")
    made.add_argument("--delay", type=float, default=0.05, help="seconds that the KMS takes for each answer")
    made.add_argument("--interval", type=int, default=60, help="seconds between two checks of an object")
    words = "an API server in memory, or a real control plane, built by Go the first time"
    made.add_argument("--cluster", choices=("memory", "real"), default="memory", help=words)
    words = "the operator; {kubeconfig}, {resolve} and {probe} stand for a file, `--resolve`, and a port for /readyz"
    made.add_argument("--cmd", default=OURS, help=words)
    words = "file with a KMSSecret in JSON; $n, $folder, $host and $interval stand for what differs"
    made.add_argument("--template", type=Path, help=words)
    return made.parse_args()


def main() -> int:
    args = arguments()
    template = args.template.read_text() if args.template else OBJECT
    options = Options(args.cmd, template, args.delay, args.interval, args.objects, args.cluster == "real")
    told = report(measures(options, args.part or list(PARTS)))
    return tell({"delay": args.delay, "interval": args.interval, **told})


if __name__ == "__main__":
    sys.exit(main())
