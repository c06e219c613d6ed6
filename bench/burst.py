"""A burst of KMSSecrets, from the first create to the last status, over real sockets and between real processes.

    python bench/burst.py --objects 340 --delay 0.05

Claims, for objects that read a folder each and for as many that read one folder: every Secret is there within ten
seconds though the KMS takes its time for each request; it is asked once to log in, once for the project and once for
each folder; and nothing is written twice. One JSON object says what was measured, `missed` which claims failed; then
the exit code is 1. Another operator is measured by `--cmd`. See docs/benchmarks.md.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen
from bench.claims import parser, tell
from bench.listing import PROJECT_ID
from bench.world import OURS, PROJECT, Json, Objects, burst, dev_kms, started

from secretsync.client_policy import OPERATOR


@frozen
class Burst:
    """What happens: so many objects over so many folders, and a KMS that takes `delay` seconds for each answer."""

    objects: int
    folders: int
    delay: float
    command: str

    @property
    def floor(self) -> float:
        """Seconds that the reads of the folders take at the least, at the operator's limit of requests in flight."""
        return self.folders * self.delay / min(self.folders, OPERATOR.in_flight)


def seed_of(burst: Burst) -> Json:
    content = {
        f"/folder-{n}": {"URL": f"postgres://db-{n}", "USER": "app", "LEVEL": "info"} for n in range(burst.folders)
    }
    universal = {"clientId": "bench", "clientSecret": "not a secret", "ttl": 3600}
    return {
        "projects": [{"id": PROJECT_ID, "slug": PROJECT, "environments": ["prod"]}],
        "identities": [{"id": "bench", "universal": universal, "grants": [{"project": PROJECT}]}],
        "secrets": {PROJECT: {"prod": content}},
    }


def measured(plan: Burst) -> Json:
    """Return what one burst took and asked, in a world of its own."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        world = started(plan.command, Path(folder), stack, partial(dev_kms, seed_of(plan), plan.delay))
        return {"floor": plan.floor, **burst(world, Objects(plan.objects, plan.folders))}


# -- claims


def missed(burst: Burst, result: Json, *, within: float) -> Iterator[str]:
    """Yield each claim that does not hold."""
    took = result["seconds"]["targets"]
    if took is None:
        yield "not every target came"
    elif took > within:
        yield f"the last target came after {took} s, not within {within:g} s"
    if result["seconds"]["statuses"] is None:
        yield "not every object became ready"
    yield from miscounted(burst, result)


def miscounted(burst: Burst, result: Json) -> Iterator[str]:
    exact = {("kms", "login"): 1, ("kms", "slug"): 1, ("kms", "list"): burst.folders}
    exact |= {("cluster", "create secrets"): burst.objects, ("cluster", "patch kmssecrets/status"): burst.objects}
    for (where, what), wanted in exact.items():
        if (count := result[where].get(what, 0)) != wanted:
            yield f"{count} times {what}, not {wanted}"
    if (reads := result["cluster"].get("get secrets", 0)) > 1:  # the credentials, and no target that is not there
        yield f"{reads} times get secrets, more than 1"


def arguments() -> Namespace:
    made = parser(__doc__)
    made.add_argument("--objects", type=int, default=340, help="KMSSecrets in the burst")
    made.add_argument("--delay", type=float, default=0.05, help="seconds that the KMS takes for each answer")
    made.add_argument("--within", type=float, default=10.0, help="seconds for the last target")
    made.add_argument("--cmd", default=OURS, help="the operator; {kubeconfig} and {resolve} stand for their values")
    return made.parse_args()


def main() -> int:
    args = arguments()
    report: Json = {"objects": args.objects, "delay": args.delay, "missed": []}
    for name, folders in (("folder_each", args.objects), ("one_folder", 1)):
        plan = Burst(args.objects, folders, args.delay, args.cmd)
        try:
            report[name] = measured(plan)
            claims = missed(plan, report[name], within=args.within)
        except (RuntimeError, OSError) as error:
            claims = iter([f"nothing was measured: {error}"])
        report["missed"] += [f"{name}: {claim}" for claim in claims]
    return tell(report)


if __name__ == "__main__":
    sys.exit(main())
