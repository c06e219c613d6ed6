"""A cluster, in memory or real, development KMSs, and the operator as a process: what the operator's tests stand on.

    with Stand(tmp_path) as stand:
        kms = stand.kms({"/app": {"TOKEN": canary()}})
        stand.operator()
        stand.apply(kmssecret("app", kms.url))
        stand.until_ready("app")

At its end every process is stopped by its id, and all that was told anywhere (logs at debug level, events, objects,
metrics, command lines, environments) is searched for secrets.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from hashlib import sha512
from itertools import count
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from attrs import define, field

from canaries import canary, canary_bytes, shown
from proxy import Proxy, Sent
from secretsync.devserver.methods import Universal
from secretsync.devserver.seed import Grant, Identity, Project, Seed
from secretsync.devserver.server import DevServer
from secretsync.values import SecretValue
from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import ApiError, ClusterServer, MemoryCluster, Record

if TYPE_CHECKING:  # with what it needs to start a control plane
    from controlplane.cluster import RealCluster

T = TypeVar("T")
Json = dict[str, Any]

KMS = "kms.example"
"""Name of the development KMS in virtual time. Queries have their turns by it, and its port is another one every time.
"""
NAMESPACE = "shop"
OPERATOR_NAMESPACE = "kms-operator-system"
CREDENTIALS = "universal-auth-credentials"
PROJECT = Project("09eda1f8-85a3-47a9-8a6f-e27f133b2a36", "shop-k2x9", ("prod", "dev"))
CLIENT_ID = "ad2f8c67-cbe2-417a-b5eb-1339776ec0b3"
CLIENT_SECRET = canary("client-secret-of-operators")

FAST = "200ms"
"""Every interval and back-off of the operators that tests start, but for logins."""
PATIENCE = 60.0
"""Seconds after which what should have happened is taken for a failure, on a machine that is busy. Of no other use."""

Folders = Mapping[str, Mapping[str, str]]


def seed(folders: Folders, *, ttl: int = 7200) -> Seed:
    """Return one project with these folders in `prod`, and one identity that may read all of it."""
    values = {path: {key: SecretValue(text) for key, text in keys.items()} for path, keys in folders.items()}
    universal = Universal(CLIENT_ID, SecretValue(CLIENT_SECRET), ttl=ttl)
    who = Identity("ci", universal, grants=(Grant(PROJECT.slug),))
    return Seed(projects=(PROJECT,), identities=(who,), secrets={PROJECT.slug: {"prod": values}})


def entropy(size: int) -> bytes:
    """Return what tokens (32 bytes) are made of as canaries; ids and request ids may show."""
    return canary_bytes(size) if size == 32 else os.urandom(size)


def repeatable() -> Callable[[int], bytes]:
    """Return an entropy that is the same each time, for what runs in virtual time."""
    drawn = count(1)
    return lambda size: sha512(next(drawn).to_bytes(8)).digest()[:size]


def kmssecret(
    name: str,
    host: str,
    *,
    namespace: str = NAMESPACE,
    path: str = "/app",
    environment: str = "prod",
    policy: str = "Orphan",
    target: str = "",
    interval: int = 60,
    labels: Mapping[str, str] | None = None,
    **scope: object,
) -> Json:
    """Return a manifest in the form of the seed's example; its target is called as itself, the interval in seconds."""
    where = {"projectSlug": PROJECT.slug, "envSlug": environment, "secretsPath": path, **scope}
    return {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
        "spec": {
            "hostAPI": f"{host}/api",
            "resyncInterval": interval,
            "authentication": {
                "universalAuth": {
                    "credentialsRef": {"secretName": CREDENTIALS, "secretNamespace": namespace},
                    "secretsScope": {key: value for key, value in where.items() if value is not None},
                }
            },
            "managedSecretReference": {
                "secretName": target or name,
                "secretNamespace": namespace,
                "secretType": "Opaque",
                "creationPolicy": policy,
            },
        },
    }


def eventually(holds: Callable[[], T], *, timeout: float = PATIENCE) -> T:
    """Return the first true answer. For what nobody announces; whatever is in the cluster is watched instead."""
    end = monotonic() + timeout
    while not (value := holds()):
        assert monotonic() < end, f"did not become true within {timeout} s"
        Event().wait(0.05)
    return value


def alive(pid: int) -> bool:
    """Whether a process is there that did not end yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Process:
    """A running program and what it prints, line by line; ended by its id."""

    def __init__(self, argv: list[str], environ: Mapping[str, str], *, cwd: Path | None = None) -> None:
        self.lines: list[str] = []
        self.seen: dict[str, str] = {}
        """What other users of the machine can see of it, by file."""
        self._printed = Condition()
        self._popen = subprocess.Popen(
            argv,
            env={"PYTHONFAULTHANDLER": "1", **environ},  # a process that hangs is aborted, and says where it was
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def _read(self) -> None:
        assert self._popen.stdout
        for line in self._popen.stdout:
            with self._printed:
                self.lines.append(line.rstrip("\n"))
                self._printed.notify_all()

    def line(self, text: str, *, timeout: float = PATIENCE) -> str:
        """Return the first line that holds the text, waiting for it."""
        with self._printed:
            assert self._printed.wait_for(lambda: any(text in line for line in self.lines), timeout), (
                f"no line with {text!r} in {self.lines}"
            )
            return next(line for line in self.lines if text in line)

    def logged(self) -> list[Json]:
        """Return what it logged; what is no JSON is a message for who started it, and left out."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def wait(self, *, timeout: float = PATIENCE) -> int:
        """Return its exit code, once it ended and everything it printed is read."""
        code = self._popen.wait(timeout)
        self._reader.join()
        assert self._popen.stdout
        self._popen.stdout.close()
        return code

    def signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def signal_another_thread(self, number: int) -> None:
        """Send a signal that finds the main thread at rest, and not looking: the system hands it to another one."""
        tasks = (int(task.name) for task in Path(f"/proc/{self.pid}/task").iterdir())
        thread = next(task for task in tasks if task != self.pid)
        assert ctypes.CDLL(None).tgkill(self.pid, thread, number) == 0

    def stop(self, *, timeout: float = PATIENCE) -> int:
        """Ask it to end, and return its exit code."""
        if self.running:
            for name in ("cmdline", "environ"):
                self.seen[name] = Path(f"/proc/{self.pid}/{name}").read_text("utf-8")
            self._popen.send_signal(signal.SIGTERM)
        try:
            return self.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._popen.send_signal(signal.SIGABRT)
            self.wait()
            raise AssertionError("did not end:\n" + "\n".join(self.lines)) from None


class Operator(Process):
    """`secretsync-operator`, with ports of its own choice."""

    def __init__(
        self,
        *argv: str,
        home: Path,
        environ: Mapping[str, str] | None = None,
        held: Callable[[list[str]], list[str]] = list,
    ) -> None:
        program = Path(sys.executable).with_name("secretsync-operator")
        self.pages: dict[str, str] = {}
        super().__init__(held([str(program), *argv]), {"HOME": str(home), "PATH": os.defpath, **(environ or {})})

    def page(self, path: str) -> tuple[int, str]:
        """Return status and text of `/healthz`, `/readyz` or `/metrics`."""
        port = self.line(path).rpartition(" on port ")[-1].strip('"}')  # the first line that names it tells the port
        with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            text = response.read().decode()
        self.pages[path] = text
        return response.status, text

    def metric(self, series: str) -> float | None:
        """Return the value of one series, None while there is none."""
        for line in self.page("/metrics")[1].splitlines():
            name, _, value = line.rpartition(" ")
            if name == series:
                return float(value)
        return None

    def stop(self, *, timeout: float = PATIENCE) -> int:
        if self.running and any("serving /metrics" in line for line in self.lines):
            self.page("/metrics")
        return super().stop(timeout=timeout)


@define
class Stand:
    """Everything of one test. `directory` is its own; the methods belong to one thread."""

    directory: Path
    has_rules = False
    """Whether the API server evaluates the rules of a CRD."""
    cluster: MemoryCluster | RealCluster = field(factory=lambda: MemoryCluster(crds=[crd("kmssecrets")]))
    operators: list[Operator] = field(factory=list)
    api: ClusterServer | RealCluster = field(init=False)
    _stack: ExitStack = field(factory=ExitStack)

    def __enter__(self) -> Self:
        self.namespace(OPERATOR_NAMESPACE)
        self.namespace(NAMESPACE)
        self._serve()
        return self

    def _serve(self) -> None:
        """Have the cluster served, and the operators' way to it written down."""
        assert isinstance(self.cluster, MemoryCluster)
        self.api = self._stack.enter_context(ClusterServer(self.cluster))
        self.api.write_kubeconfig(self.kubeconfig)

    def _held(self, argv: list[str]) -> list[str]:
        """Return the command by which an operator is started."""
        return argv

    def __exit__(self, *raised: object) -> None:
        with self._stack:
            for operator in self.operators:
                operator.stop()
                print(*(line for line in operator.lines if "GET /" not in line), sep="\n")  # noqa: T201 - pytest shows it of failures
        self.check()

    def check(self) -> None:
        """Fail when anything that was told anywhere holds a secret, or a fault of ours."""
        assert not [(where, place) for where, text in self.told() for place in shown(text)]
        faults = [line for operator in self.operators for line in operator.lines if _is_fault(line)]
        assert not faults

    def told(self) -> Iterator[tuple[str, str]]:
        """Yield everything that somebody without access to the Secrets can read."""
        key = self._install_key()
        for operator in self.operators:
            assert not key or key not in "\n".join(operator.lines)
            yield "log", "\n".join(operator.lines)
            yield from operator.pages.items()
            yield from operator.seen.items()
        for resource in ("kmssecrets", "events.events.k8s.io", "configmaps"):
            yield resource, json.dumps(self.cluster.list(resource), ensure_ascii=False)
        for secret in self.cluster.list("secrets")["items"]:
            yield "a Secret's metadata", json.dumps(secret["metadata"], ensure_ascii=False)

    def _install_key(self) -> str:
        try:
            return str(self.secret("kms-operator-hmac", namespace=OPERATOR_NAMESPACE)["data"]["key"])
        except ApiError:
            return ""

    # -- what there is

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    def _kubeconfig_by(self, way: Proxy) -> Path:
        path = self.directory / f"kubeconfig-{urlsplit(way.url).port}"
        here, there = (urlsplit(url).netloc for url in (self.api.url, way.url))
        path.write_text(self.kubeconfig.read_text("utf-8").replace(here, there), "utf-8")
        return path

    def namespace(self, name: str) -> None:
        """Create a namespace, with working credentials in it."""
        self.cluster.create("namespaces", {"metadata": {"name": name}})
        self.credentials(namespace=name)

    def credentials(self, *, namespace: str = NAMESPACE, **keys: str) -> None:
        data = keys or {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}
        self.cluster.create("secrets", {"metadata": {"name": CREDENTIALS}, "stringData": data}, namespace=namespace)

    def credentials_changed(self, **keys: str) -> None:
        """Write other credentials over those in the tests' usual namespace."""
        self.cluster.patch("secrets", CREDENTIALS, {"stringData": keys}, namespace=NAMESPACE)

    def kms(self, folders: Folders, **limits: int) -> DevServer:
        """Start a KMS with these folders."""
        return self.server(seed(folders, **limits))

    def server(self, seed: Seed) -> DevServer:
        """Start a KMS of a test's own."""
        return self._stack.enter_context(DevServer(seed, entropy=entropy))

    def way(self, url: str = "", *, before: Callable[[Sent], None] | None = None) -> Proxy:
        """Return a new way to a server, the API server if none is named."""
        return self._stack.enter_context(Proxy(url or self.api.url, before=before))

    def operator(self, *argv: str, way: Proxy | None = None, **environ: str) -> Operator:
        """Start an operator for this cluster: quick, and at debug level; by a way of its own, if it is given one."""
        kubeconfig = self._kubeconfig_by(way) if way else self.kubeconfig
        defaults = (
            *("--kubeconfig", str(kubeconfig), "--max-interval", FAST, "--zap-log-level", "debug"),
            *("--metrics-bind-address", "127.0.0.1:0", "--health-probe-bind-address", "127.0.0.1:0"),
        )
        self.operators.append(Operator(*defaults, *argv, home=self.directory, environ=environ, held=self._held))
        return self.operators[-1]

    def command(self, *argv: str) -> Process:
        """Start a command of the operator's program for this cluster; it ends by itself."""
        program = Path(sys.executable).with_name("secretsync-operator")
        environ = {"HOME": str(self.directory), "PATH": os.defpath, "KUBECONFIG": str(self.kubeconfig)}
        return Process(self._held([str(program), *argv]), environ)

    def beside(self) -> MemoryCluster | RealCluster:
        """Return the cluster for another thread."""
        return self.cluster

    def grant(self, name: str) -> None:
        """Let operators do what a file of `deploy/` says beside the usual; in memory they may do everything."""

    # -- objects

    def apply(self, *manifests: Json) -> None:
        for manifest in manifests:
            self.cluster.create("kmssecrets", manifest)

    def object(self, name: str, *, namespace: str = NAMESPACE) -> Json:
        return self.cluster.get("kmssecrets", name, namespace=namespace)

    def secret(self, name: str, *, namespace: str = NAMESPACE) -> Json:
        return self.cluster.get("secrets", name, namespace=namespace)

    def secret_if_there(self, name: str, *, namespace: str = NAMESPACE) -> Json | None:
        try:
            return self.secret(name, namespace=namespace)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            return None

    def data(self, name: str, *, namespace: str = NAMESPACE) -> dict[str, str] | None:
        """Return what a Secret holds, None where there is none."""
        if (secret := self.secret_if_there(name, namespace=namespace)) is None:
            return None
        return {key: b64decode(text).decode() for key, text in (secret.get("data") or {}).items()}

    def condition(self, name: str, type_: str = "Ready", *, namespace: str = NAMESPACE) -> Json:
        """Return a condition, {} before there is one."""
        conditions = (self.object(name, namespace=namespace).get("status") or {}).get("conditions") or ()
        return next((one for one in conditions if one["type"].rpartition("/")[-1] == type_), {})

    def events(self, name: str, reason: str = "", *, namespace: str = NAMESPACE) -> list[Json]:
        found = self.cluster.list("events.events.k8s.io", namespace=namespace)["items"]
        return [one for one in found if one["regarding"]["name"] == name and reason in ("", one["reason"])]

    # -- waiting

    def until(self, resource: str, holds: Callable[[], T], *, timeout: int = int(PATIENCE)) -> T:
        """Return the first true answer of `holds`, which is asked again after each change of the resource."""
        with closing(self.cluster.watch(resource, timeout=timeout)) as changes:
            while not (value := holds()):
                assert changes.take(), f"no change of {resource} made it true within {timeout} s: {self.conditions()}"
            return value

    def until_ready(self, *names: str, namespace: str = NAMESPACE) -> None:
        for name in names:
            self.until_reason(name, "Synced", namespace=namespace)

    def until_reason(self, name: str, reason: str, *, namespace: str = NAMESPACE) -> Json:
        """Return the condition Ready, once it has this reason."""

        def holds() -> Json | None:
            ready = self.condition(name, namespace=namespace)
            return ready if ready.get("reason") == reason else None

        return self.until("kmssecrets", holds) or {}

    def until_event(self, name: str, reason: str) -> Json:
        return self.until("events.events.k8s.io", lambda: self.events(name, reason))[0]

    def conditions(self) -> dict[str, Json]:
        items = self.cluster.list("kmssecrets")["items"]
        return {one["metadata"]["name"]: self.condition_of(one) for one in items}

    @staticmethod
    def condition_of(obj: Json) -> Json:
        conditions = (obj.get("status") or {}).get("conditions") or ()
        return next((one for one in conditions if one["type"] == "Ready"), {})

    # -- what was asked of the cluster

    def writes(self, resource: str = "") -> list[Record]:
        """Return what was created, changed or deleted since `forget`; the test's own doing too.

        Events are left out, and so is the Lease, unless it is asked for.
        """
        verbs = {"create", "update", "patch", "delete", "deletecollection"}
        return [
            one
            for one in tuple(self.cluster.requests)
            if one.verb in verbs and one.resource != "events" and one.resource == (resource or one.resource)
            if resource or one.resource != "leases"
        ]

    def forget(self) -> None:
        self.cluster.requests.clear()


def _is_fault(line: str) -> bool:
    return "Traceback" in line or "a fault of ours" in line or "Defect" in line or '"level": "critical"' in line
