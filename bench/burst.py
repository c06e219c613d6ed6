"""A burst of KMSSecrets, from the first create to the last status, over real sockets and between real processes.

    python bench/burst.py --objects 340 --delay 0.05

Claims, for objects that read a folder each and for as many that read one folder: every Secret is there within ten
seconds though the KMS takes its time for each request; it is asked once to log in, once for the project and once for
each folder; and nothing is written twice. One JSON object says what was measured, `missed` which claims failed; then
the exit code is 1. Another operator is measured by `--cmd`. See docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen
from programs import Program, clean_environment

from secretsync.client_policy import OPERATOR
from secretsync_k8s.manifests import text as manifest

Json = dict[str, Any]

NAMESPACE: Final = "bench"
RUNNING_IN: Final = "kms-operator-system"
PROJECT: Final = "bench"
CREDENTIALS: Final = "credentials"
NAME: Final = "kms.bench.svc"
"""Where the objects say that the KMS is; the operator is told to connect elsewhere."""

SECRETS: Final = f"/api/v1/namespaces/{NAMESPACE}/secrets"
KMSSECRETS: Final = f"/apis/secrets.lux.network/v1alpha1/namespaces/{NAMESPACE}/kmssecrets"

READY: Final = {"Ready", "secrets.lux.network/ReadyToSyncSecrets"}
"""Conditions of which one says that an object is in step: ours, and that of the operator which ours replaces."""

OURS: Final = (
    "secretsync-operator --kubeconfig {kubeconfig} --resolve {resolve} --config-namespace kms-operator-system"
    " --metrics-bind-address 0 --health-probe-bind-address 127.0.0.1:0"
)

CREATORS: Final = 8
"""Connections that create objects at once."""
QUIET: Final = 0.5
"""Seconds without a request after which everything has been said."""
GIVE_UP: Final = 120.0


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


# -- talking to the servers


@frozen
class Api:
    """JSON over HTTP at an address."""

    address: str
    headers: Mapping[str, str] = {}

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        return next(self.calls(method, path, [body]))

    def calls(self, method: str, path: str, bodies: Iterable[Json | None]) -> Iterator[Json]:
        """Yield the answers to several requests on one connection."""
        with closing(HTTPConnection(self.address)) as connection:
            for body in bodies:
                content = None if body is None else json.dumps(body)
                connection.request(method, path, content, {"Content-Type": "application/json", **self.headers})
                response = connection.getresponse()
                answer: Json = json.loads(response.read())
                if response.status >= 300:
                    raise RuntimeError(f"{method} {path}: {response.status} {answer}")
                yield answer

    def follow(self, path: str) -> Iterator[Json]:
        """Yield the objects at a path, first those that are there, then each as it changes; until the server goes."""
        with closing(HTTPConnection(self.address)) as connection, suppress(HTTPException, OSError):
            connection.request("GET", f"{path}?watch=true")
            for line in connection.getresponse():
                yield json.loads(line)["object"]

    def requests(self) -> list[Json]:
        """Return what the server was asked, oldest first."""
        asked: list[Json] = self.call("GET", "/_emulator/requests")["requests"]
        return asked


@define
class Arrivals:
    """When each object first was as wanted, in the seconds of `time.monotonic`."""

    wanted: int
    counts: Callable[[Json], bool]
    at: dict[str, float] = field(factory=dict)
    complete: Event = field(factory=Event)

    def watch(self, api: Api, path: str) -> None:
        Thread(target=self._watch, args=(api, path), daemon=True).start()

    def _watch(self, api: Api, path: str) -> None:
        for obj in api.follow(path):
            if self.counts(obj):
                self.at.setdefault(obj["metadata"]["name"], time.monotonic())
            if len(self.at) == self.wanted:
                self.complete.set()

    def last(self, began: float) -> float | None:
        return round(max(self.at.values()) - began, 3) if len(self.at) == self.wanted else None


def delivered(secret: Json) -> bool:
    return secret["metadata"]["name"].startswith("target-") and bool(secret.get("data"))


def ready(kmssecret: Json) -> bool:
    conditions = kmssecret.get("status", {}).get("conditions") or ()
    return any(one["type"] in READY and one["status"] == "True" for one in conditions)


# -- the world


@frozen
class World:
    """The three programs, and how to talk to two of them."""

    kms: Api
    cluster: Api
    programs: Mapping[str, Program]
    host_api: str


def started(burst: Burst, folder: Path, stack: ExitStack) -> World:
    """Return the world with everything in place but the objects; the operator follows them already."""
    kms_program, kms = start_kms(burst, folder, stack)
    cluster_program, cluster = start_cluster(folder, stack)
    prepare(cluster)
    resolve = f"{NAME}:80={kms.address}"
    command = burst.command.format(kubeconfig=folder / "kubeconfig", resolve=resolve)
    env = clean_environment(folder)
    operator = stack.enter_context(Program(shlex.split(command), env=env, log=folder / "operator"))
    wait_until(lambda: follows(cluster), operator)
    settle(cluster)
    cluster.call("DELETE", "/_emulator/requests")  # what it takes to start is no part of the burst
    host_api = f"http://{NAME}/api" if "{resolve}" in burst.command else f"http://{kms.address}/api"
    return World(kms, cluster, {"operator": operator, "cluster": cluster_program, "kms": kms_program}, host_api)


def start_kms(burst: Burst, folder: Path, stack: ExitStack) -> tuple[Program, Api]:
    seed, token = folder / "seed.yaml", secrets.token_urlsafe()
    seed.write_text(json.dumps(seed_of(burst)))
    env = clean_environment(folder, SECRETSYNC_CONTROL_TOKEN=token)
    command = ["secretsync", "dev", "--seed", str(seed)]
    program = stack.enter_context(Program(command, env=env, log=folder / "kms"))
    api = Api(urlsplit(program.line().partition("=")[2].strip()).netloc, {"X-Control-Token": token})
    api.call("POST", "/_emulator/faults", {"route": "*", "delay": burst.delay})
    return program, api


def start_cluster(folder: Path, stack: ExitStack) -> tuple[Program, Api]:
    crd = folder / "crd.yaml"
    crd.write_text(manifest("kmssecrets"))
    command = [sys.executable, "-m", "secretsync_k8s.testing", "--crd", str(crd)]
    command += ["--kubeconfig", str(folder / "kubeconfig")]
    program = stack.enter_context(Program(command, env=clean_environment(folder), log=folder / "cluster"))
    return program, Api(urlsplit(json.loads(program.line())["url"]).netloc)


def seed_of(burst: Burst) -> Json:
    content = {
        f"/folder-{n}": {"URL": f"postgres://db-{n}", "USER": "app", "LEVEL": "info"} for n in range(burst.folders)
    }
    universal = {"clientId": "bench", "clientSecret": "not a secret", "ttl": 3600}
    return {
        "projects": [{"id": "5f3c5c6e-6f4f-4d43-9c5c-2a8f6d0e1b11", "slug": PROJECT, "environments": ["prod"]}],
        "identities": [{"id": "bench", "universal": universal, "grants": [{"project": PROJECT}]}],
        "secrets": {PROJECT: {"prod": content}},
    }


def prepare(cluster: Api) -> None:
    for name in (NAMESPACE, RUNNING_IN):
        cluster.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    login = {"clientId": "bench", "clientSecret": "not a secret"}
    cluster.call("POST", SECRETS, {"metadata": {"name": CREDENTIALS}, "stringData": login})


def follows(cluster: Api) -> bool:
    return any(one["verb"] == "watch" and one["resource"] == "kmssecrets" for one in cluster.requests())


def kmssecret(n: int, burst: Burst, host_api: str) -> Json:
    reference = {"secretName": CREDENTIALS, "secretNamespace": NAMESPACE}
    scope = {"projectSlug": PROJECT, "envSlug": "prod", "secretsPath": f"/folder-{n % burst.folders}"}
    return {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "metadata": {"name": f"object-{n}", "namespace": NAMESPACE},
        "spec": {
            "hostAPI": host_api,
            "resyncInterval": 3600,
            "authentication": {"universalAuth": {"credentialsRef": reference, "secretsScope": scope}},
            "managedSecretReference": {
                "secretName": f"target-{n}",
                "secretNamespace": NAMESPACE,
                "creationPolicy": "Orphan",
            },
        },
    }


def wait_until(true: Callable[[], bool], operator: Program) -> None:
    end = time.monotonic() + GIVE_UP
    while not true():
        if operator.ended or time.monotonic() > end:
            raise RuntimeError(f"the operator does not serve: {operator.last_words()}")
        time.sleep(0.05)


# -- one burst


def measured(burst: Burst) -> Json:
    """Return what one burst took and asked, in a world of its own."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        world = started(burst, Path(folder), stack)
        targets, statuses = Arrivals(burst.objects, delivered), Arrivals(burst.objects, ready)
        targets.watch(world.cluster, SECRETS)
        statuses.watch(world.cluster, KMSSECRETS)
        before = cpu(world)
        began = time.monotonic()
        created = create_all(burst, world)
        complete = targets.complete.wait(GIVE_UP) and statuses.complete.wait(GIVE_UP)
        settle(world.cluster)
        if not complete:
            sys.stderr.write(f"{world.programs['operator'].last_words()}\n")
        seconds = {"created": created, "targets": targets.last(began), "statuses": statuses.last(began)}
        return {"floor": burst.floor, "seconds": seconds, **costs(world, before)}


def create_all(burst: Burst, world: World) -> float:
    """Create the objects from several threads; return the seconds until all were taken."""
    bodies = [kmssecret(n, burst, world.host_api) for n in range(burst.objects)]
    shares = [bodies[n::CREATORS] for n in range(CREATORS)]
    began = time.monotonic()
    with ThreadPoolExecutor(CREATORS) as pool:
        done = pool.map(lambda share: len(list(world.cluster.calls("POST", KMSSECRETS, share))), shares)
        assert sum(done) == burst.objects
    return round(time.monotonic() - began, 3)


def settle(cluster: Api) -> None:
    """Return when nothing is asked any more: what is written twice is written by then."""
    end = time.monotonic() + GIVE_UP
    before, now = None, cluster_requests(cluster)
    while now != before and time.monotonic() < end:
        time.sleep(QUIET)
        before, now = now, cluster_requests(cluster)


def cpu(world: World) -> dict[str, float]:
    return {name: program.cpu_seconds for name, program in world.programs.items()}


def costs(world: World, before: Mapping[str, float]) -> Json:
    after = cpu(world)
    return {
        "kms": dict(Counter(one["route"] for one in world.kms.requests())),
        "cluster": cluster_requests(world.cluster),
        "cpu_seconds": {name: round(after[name] - before[name], 2) for name in after},
        "operator_peak_mib": round(world.programs["operator"].peak_mib, 1),
    }


def cluster_requests(cluster: Api) -> dict[str, int]:
    """Return how often what was asked, as `verb resource`.

    Left out are leases, which are kept up as long as an operator runs, and what only we do during a burst.
    """
    counted = Counter(
        f"{one['verb']} {'/'.join(filter(None, (one['resource'], one['subresource'])))}"
        for one in cluster.requests()
        if one["resource"] != "leases"
    )
    for ours in ("create kmssecrets", "watch secrets", "watch kmssecrets"):
        del counted[ours]
    return dict(sorted(counted.items()))


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
    reads, most = result["cluster"].get("get secrets", 0), burst.objects + 1
    if reads > most:  # each target before it is made, and the credentials
        yield f"{reads} times get secrets, more than {most}"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--objects", type=int, default=340, help="KMSSecrets in the burst")
    made.add_argument("--delay", type=float, default=0.05, help="seconds that the KMS takes for each answer")
    made.add_argument("--within", type=float, default=10.0, help="seconds for the last target")
    made.add_argument("--cmd", default=OURS, help="the operator; {kubeconfig} and {resolve} stand for their values")
    return made


def main() -> int:
    args = parser().parse_args()
    report: Json = {"objects": args.objects, "delay": args.delay, "missed": []}
    for name, folders in (("folder_each", args.objects), ("one_folder", 1)):
        burst = Burst(args.objects, folders, args.delay, args.cmd)
        try:
            report[name] = measured(burst)
            claims = missed(burst, report[name], within=args.within)
        except (RuntimeError, OSError) as error:
            claims = iter([f"nothing was measured: {error}"])
        report["missed"] += [f"{name}: {claim}" for claim in claims]
    print(json.dumps(report, indent=2))
    return 1 if report["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
