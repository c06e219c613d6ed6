"""The world of an operator: a Kubernetes API server in memory, a KMS, objects, and how to see what becomes of them."""

from __future__ import annotations

import json
import secrets
import shlex
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from string import Template
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen
from bench.programs import Program, Running, clean_environment

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
    " --metrics-bind-address 0 --health-probe-bind-address 127.0.0.1:{probe}"
)

OBJECT: Final = """
{
  "apiVersion": "secrets.lux.network/v1alpha1",
  "kind": "KMSSecret",
  "metadata": {"name": "object-$n", "namespace": "bench"},
  "spec": {
    "hostAPI": "$host",
    "resyncInterval": $interval,
    "authentication": {
      "universalAuth": {
        "credentialsRef": {"secretName": "credentials", "secretNamespace": "bench"},
        "secretsScope": {"projectSlug": "bench", "envSlug": "prod", "secretsPath": "/folder-$folder"}
      }
    },
    "managedSecretReference": {
      "secretName": "target-$n", "secretNamespace": "bench", "creationPolicy": "Orphan"
    }
  }
}
"""

CREATORS: Final = 8
"""Connections that create objects at once."""
QUIET: Final = 0.5
"""Seconds without a request after which everything has been said."""
GIVE_UP: Final = 120.0

WRITES: Final = {"create", "update", "patch", "delete", "deletecollection"}


@frozen
class Api:
    """JSON over HTTP at an address."""

    address: str
    headers: Mapping[str, str] = {}

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        return next(self.calls(method, path, [body]))

    def calls(self, method: str, path: str, bodies: Iterable[Json | None]) -> Iterator[Json]:
        """Yield the answers to several requests on one connection."""
        with closing(self.connection()) as connection:
            for body in bodies:
                content = None if body is None else json.dumps(body)
                connection.request(method, path, content, {"Content-Type": "application/json", **self.headers})
                response = connection.getresponse()
                answer: Json = json.loads(response.read())
                if response.status >= 300:
                    raise RuntimeError(f"{method} {path}: {response.status} {answer}")
                yield answer

    def follow(self, path: str) -> Iterator[Json]:
        """Yield the objects at a path, first those that are there, then each as it changes; until the server ends it.

        Raises:
            OSError: There is no server any more.
        """
        with closing(self.connection()) as connection:
            connection.request("GET", f"{path}?watch=true")
            with suppress(HTTPException, OSError):
                for line in connection.getresponse():
                    yield json.loads(line)["object"]

    def connection(self) -> HTTPConnection:
        return HTTPConnection(self.address)

    def requests(self) -> list[Json]:
        """Return what the server was asked, oldest first."""
        asked: list[Json] = self.call("GET", "/_emulator/requests")["requests"]
        return asked

    def forget(self) -> None:
        """Begin the record of requests anew."""
        self.call("DELETE", "/_emulator/requests")


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
        with suppress(OSError):
            while not self.complete.is_set():  # a real server gives up a watcher that has not read for a while
                for obj in api.follow(path):
                    self._see(obj)

    def _see(self, obj: Json) -> None:
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


# -- the objects


@frozen
class Objects:
    """So many objects over so many folders, as a template has them; `interval` in seconds."""

    count: int
    folders: int
    interval: int = 3600
    template: str = OBJECT

    def bodies(self, host_api: str, numbers: Iterable[int]) -> list[Json]:
        made = Template(self.template)
        return [
            json.loads(made.substitute(n=n, folder=n % self.folders, host=host_api, interval=self.interval))
            for n in numbers
        ]


# -- the world


@define(eq=False)
class World:
    """The three programs, and how to talk to two of them. The operator may be stopped and started again."""

    folder: Path
    stack: ExitStack
    command: str
    kms: Api
    cluster: Api
    programs: dict[str, Running]
    probe: Api | None = None

    @property
    def operator(self) -> Program:
        operator = self.programs["operator"]
        assert isinstance(operator, Program)
        return operator

    @property
    def host_api(self) -> str:
        return f"http://{NAME}/api" if "{resolve}" in self.command else f"http://{self.kms.address}/api"

    def start_operator(self) -> None:
        """Start the operator; it is ready when `is_ready` says so."""
        resolve, port = f"{NAME}:80={self.kms.address}", free_port()
        self.probe = Api(f"127.0.0.1:{port}") if "{probe}" in self.command else None
        words = self.command.format(kubeconfig=self.folder / "kubeconfig", resolve=resolve, probe=port)
        program = Program(shlex.split(words), env=clean_environment(self.folder), log=self.folder / "operator")
        self.programs["operator"] = self.stack.enter_context(program)

    def is_ready(self) -> bool:
        """When it follows the objects, and says so too where it says anything: one that stands by is ready as well."""
        if not any(one["verb"] == "watch" and one["resource"] == "kmssecrets" for one in self.cluster.requests()):
            return False
        if self.probe is None:
            return True
        with suppress(OSError, HTTPException), closing(HTTPConnection(self.probe.address)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        return False

    def wait_until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + GIVE_UP
        while not true():
            if self.operator.ended or time.monotonic() > end:
                raise RuntimeError(f"the operator does not serve: {self.operator.last_words()}")
            time.sleep(0.05)

    def create(self, objects: Objects, *, first: int = 0) -> float:
        """Create the objects from several threads; return the seconds until all were taken."""
        bodies = objects.bodies(self.host_api, range(first, objects.count))
        shares = [bodies[n::CREATORS] for n in range(CREATORS)]
        began = time.monotonic()
        with ThreadPoolExecutor(CREATORS) as pool:
            done = pool.map(lambda share: len(list(self.cluster.calls("POST", KMSSECRETS, share))), shares)
            assert sum(done) == len(bodies)
        return round(time.monotonic() - began, 3)

    def settle(self) -> None:
        """Return when nothing is asked any more: what is written twice is written by then."""
        end = time.monotonic() + GIVE_UP
        before, now = None, self.asked()
        while now != before and time.monotonic() < end:
            time.sleep(QUIET)
            before, now = now, self.asked()

    def forget(self) -> None:
        """Begin the records of both servers anew."""
        self.kms.forget()
        self.cluster.forget()

    def asked(self) -> dict[str, int]:
        """Return how often the cluster was asked what, as `verb resource`.

        Left out are leases, which are kept up as long as an operator runs, and what only we do.
        """
        counted = Counter(
            f"{one['verb']} {'/'.join(filter(None, (one['resource'], one['subresource'])))}"
            for one in self.cluster.requests()
            if one["resource"] != "leases"
        )
        for ours in ("create kmssecrets", "watch secrets", "watch kmssecrets"):
            del counted[ours]
        return dict(sorted(counted.items()))

    def writes(self) -> int:
        """Return how many writes but the Leases' there were."""
        return sum(count for what, count in self.asked().items() if what.partition(" ")[0] in WRITES)

    def cpu(self) -> dict[str, float]:
        return {name: program.cpu_seconds for name, program in self.programs.items()}


StartKms = Callable[[Path, ExitStack], tuple[Program, Api]]
StartCluster = Callable[[Path, ExitStack], tuple[dict[str, Running], Api]]


def start_memory(folder: Path, stack: ExitStack) -> tuple[dict[str, Running], Api]:
    crd = folder / "crd.yaml"
    crd.write_text(manifest("kmssecrets"))
    command = [sys.executable, "-P", "-m", "secretsync_k8s.testing", "--crd", str(crd)]
    command += ["--kubeconfig", str(folder / "kubeconfig")]
    program = stack.enter_context(Program(command, env=clean_environment(folder), log=folder / "cluster"))
    cluster = Api(urlsplit(json.loads(program.line())["url"]).netloc)
    prepare(cluster)
    return {"cluster": program}, cluster


def prepare(cluster: Api) -> None:
    for name in (NAMESPACE, RUNNING_IN):
        cluster.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    login = {"clientId": "bench", "clientSecret": "not a secret"}
    cluster.call("POST", SECRETS, {"metadata": {"name": CREDENTIALS}, "stringData": login})


def started(
    command: str, folder: Path, stack: ExitStack, start_kms: StartKms, start_cluster: StartCluster = start_memory
) -> World:
    """Return the world with everything in place but the objects; the operator follows them already."""
    kms_program, kms = start_kms(folder, stack)
    programs, cluster = start_cluster(folder, stack)
    world = World(folder, stack, command, kms, cluster, {**programs, "kms": kms_program})
    world.start_operator()
    world.wait_until(world.is_ready)
    world.settle()
    world.cluster.forget()  # what it takes to start is no part of what follows
    return world


def dev_kms(seed: Json, delay: float, folder: Path, stack: ExitStack) -> tuple[Program, Api]:
    """Start the development KMS with what it knows; each answer comes `delay` seconds late."""
    path, token = folder / "seed.yaml", secrets.token_urlsafe()
    path.write_text(json.dumps(seed))
    env = clean_environment(folder, SECRETSYNC_CONTROL_TOKEN=token)
    program = stack.enter_context(Program(["secretsync", "dev", "--seed", str(path)], env=env, log=folder / "kms"))
    api = Api(urlsplit(program.line().partition("=")[2].strip()).netloc, {"X-Control-Token": token})
    api.call("POST", "/_emulator/faults", {"route": "*", "delay": delay})
    return program, api


def late_kms(delay: float, folder: Path, stack: ExitStack) -> tuple[Program, Api]:
    """Start the KMS of `late.py`, which costs little."""
    command = [sys.executable, "-P", str(Path(__file__).with_name("late.py")), "--delay", str(delay)]
    program = stack.enter_context(Program(command, env=clean_environment(folder), log=folder / "kms"))
    return program, Api(urlsplit(json.loads(program.line())["url"]).netloc)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def burst(world: World, objects: Objects) -> Json:
    """Create the objects at once; return what their delivery took and asked."""
    targets, statuses = Arrivals(objects.count, delivered), Arrivals(objects.count, ready)
    targets.watch(world.cluster, SECRETS)
    statuses.watch(world.cluster, KMSSECRETS)
    before, began = world.cpu(), time.monotonic()
    created = world.create(objects)
    complete = targets.complete.wait(GIVE_UP) and statuses.complete.wait(GIVE_UP)
    world.settle()
    if not complete:
        sys.stderr.write(f"{world.operator.last_words()}\n")
    after = world.cpu()
    return {
        "seconds": {"created": created, "targets": targets.last(began), "statuses": statuses.last(began)},
        "kms": dict(Counter(one["route"] for one in world.kms.requests())),
        "cluster": world.asked(),
        "cpu_seconds": {name: round(after[name] - before[name], 2) for name in after},
        "operator_peak_mib": round(world.operator.peak_mib, 1),
    }
