"""A Kubernetes control plane on the loopback interface: etcd, kube-apiserver and kube-controller-manager as processes.

    with ControlPlane(crds=[crd("kmssecrets")]) as plane:
        plane.kubeconfig                    # of a user who may do everything
        plane.audit_log                     # what the API server was asked

There is no kubelet and no scheduler: pods stay Pending, whatever makes them.
"""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final, Self

from attrs import define, field

from controlplane.build import programs
from controlplane.certificates import Authority, signing_key
from controlplane.leash import Leash
from secretsync_k8s.testing.kubeconfig import kubeconfig

Json = dict[str, Any]

PATIENCE: Final = 60.0
"""Seconds for a program to be ready, on a machine that is busy."""
PROBE: Final = 2.0
"""Seconds for one answer to whether it is: who has its port instead may never give one."""
TRIES: Final = 3
IN_USE: Final = "address already in use"
ADMIN: Final = "admin"
MANAGER: Final = "controller-manager"
READY: Final = (
    # What the excluded two put there later, roles and priority classes, who may do everything needs not; they poll
    # once a second.
    "/readyz?exclude=poststarthook/rbac/bootstrap-roles"
    "&exclude=poststarthook/scheduling/bootstrap-system-priority-classes"
)
CONTROLLERS: Final = (
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "deployment-controller",
    "replicaset-controller",
    "daemonset-controller",
    "statefulset-controller",
)
AUDITED: Final = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata"}],
}
CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class NotReady(Exception):
    """A program of the control plane ended, or is not ready in time; the text is the end of what it logged."""


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


@define(eq=False)
class ControlPlane:
    """One cluster. Its methods belong to one thread.

    Attributes:
        crds: Applied before the controller manager starts, which looks for new kinds every 30 s only: until then it
            would collect nothing that their objects own.
        api_ended: When the last API server that was killed had ended, as audit logs tell times.
    """

    crds: Iterable[Json] = ()
    _programs: Path = field(factory=programs)
    leash: Leash = field(factory=Leash)
    processes: dict[str, subprocess.Popen[bytes]] = field(factory=dict)
    api_ended: str = field(default="", init=False)
    _etcd_port: int = field(factory=free_port)
    _port: int = field(factory=free_port)

    def __enter__(self) -> Self:
        try:
            authority = Authority(self.leash.folder)
            authority.server("apiserver")
            authority.client(ADMIN)
            authority.client(MANAGER)
            signing_key(self.leash.folder, "accounts")
            self.audit_policy.write_text(json.dumps(AUDITED))
            self._start_listening()
            self.kubeconfig.write_text(json.dumps(self.config(self.user(ADMIN))))
            self._file("manager.config").write_text(json.dumps(self.config(self.user(MANAGER))))
            self._apply_crds()
            self.start_manager()
        except BaseException:
            self.leash.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.leash.close()
        for process in self.processes.values():
            process.wait()

    # -- its programs

    def _start_listening(self) -> None:
        """Start etcd and the API server, on other ports where another program was quicker to take one of ours."""
        for left in reversed(range(TRIES)):
            try:
                self.start_etcd()
                self.start_api()
            except NotReady as error:
                if not left or IN_USE not in str(error):
                    raise
                for program in tuple(self.processes):
                    self.signal(program, signal.SIGKILL)
                self._etcd_port, self._port = free_port(), free_port()
            else:
                return

    def start_etcd(self) -> None:
        """Start etcd, with what it held, and wait until it is ready.

        An API server that finds it not ready waits a second before it looks again. The short timers save another half.
        """
        self._start(
            "etcd",
            f"--data-dir={self._file('etcd')}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={self._etcd_url}",
            f"--advertise-client-urls={self._etcd_url}",
            "--listen-peer-urls=http://127.0.0.1:0",
            *("--heartbeat-interval=10", "--election-timeout=100", "--log-level=warn"),
        )
        self._wait("etcd", lambda: b'"true"' in self._open(f"{self._etcd_url}/health", timeout=PROBE))

    def start_api(self) -> None:
        """Start the API server and wait until it is ready for who may do everything."""
        self._start(
            "kube-apiserver",
            f"--etcd-servers={self._etcd_url}",
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={self._port}"),
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={self._file('apiserver.crt')}",
            f"--tls-private-key-file={self._file('apiserver.key')}",
            f"--client-ca-file={self.authority}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._file('accounts.pub')}",
            f"--service-account-signing-key-file={self._file('accounts.key')}",
            # A pod would need a service account, and a node that nobody keeps ready would take none.
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
            # As strict clusters have it: who names an owner that waits for it must be allowed to make it wait.
            "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
            f"--audit-policy-file={self.audit_policy}",
            f"--audit-log-path={self.audit_log}",
        )
        self._wait("kube-apiserver", lambda: self._open(f"{self.url}{READY}", timeout=PROBE) == b"ok")

    def start_manager(self) -> None:
        """Start the controller manager."""
        self._start(
            "kube-controller-manager",
            f"--kubeconfig={self._file('manager.config')}",
            *("--leader-elect=false", "--secure-port=0", "--use-service-account-credentials=false"),
            *("--kube-api-qps=1000", "--kube-api-burst=2000"),
            f"--controllers={','.join(CONTROLLERS)}",
            f"--service-account-private-key-file={self._file('accounts.key')}",
            f"--root-ca-file={self.authority}",
        )

    def signal(self, program: str, number: int) -> None:
        """Send a signal to one of the programs; after SIGKILL it has ended on return."""
        self.processes[program].send_signal(number)
        if number == signal.SIGKILL:
            self.processes.pop(program).wait()
            if program == "kube-apiserver":
                self.api_ended = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def forget(self) -> None:
        """Have the history forgotten, so that older versions are 410: in etcd, and in what the API server holds."""
        version = self.get("/api/v1/namespaces?limit=1")["metadata"]["resourceVersion"]
        self._open(f"{self._etcd_url}/v3/kv/compaction", {"revision": version, "physical": True})
        self.signal("kube-apiserver", signal.SIGKILL)
        self.start_api()
        self._wait("kube-apiserver", self._serves_crds)

    def times_written(self, resource: str, namespace: str, name: str) -> int:
        """Return how often an object of the core group was written since it was created, that counts too, by etcd."""
        key = b64encode(f"/registry/{resource}/{namespace}/{name}".encode()).decode()
        (held,) = json.loads(self._open(f"{self._etcd_url}/v3/kv/range", {"key": key}))["kvs"]
        return int(held["version"])

    # -- its clients

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def authority(self) -> Path:
        """The certificate of who signed the API server's."""
        return self._file("ca.crt")

    @property
    def kubeconfig(self) -> Path:
        """Of a user who may do everything."""
        return self._file("kubeconfig")

    @property
    def audit_policy(self) -> Path:
        return self._file("audit-policy.yaml")

    @property
    def audit_log(self) -> Path:
        """One JSON object when a request comes and one when it is answered, without bodies."""
        return self._file("audit.log")

    @property
    def kubectl(self) -> str:
        return str(self._programs / "kubectl")

    def config(self, user: Mapping[str, str], *, url: str = "", namespace: str = "default") -> Json:
        """Return a kubeconfig for a user, who comes by another address if one is given."""
        cluster = {"server": url or self.url, "certificate-authority": str(self.authority)}
        return kubeconfig(cluster, user, namespace=namespace)

    def user(self, name: str) -> Mapping[str, str]:
        """Return the `user` of a kubeconfig: ADMIN or MANAGER."""
        return {
            "client-certificate": str(self._file(f"{name}.crt")),
            "client-key": str(self._file(f"{name}.key")),
        }

    def get(self, path: str) -> Json:
        """Return what the API server answers who may do everything."""
        answer: Json = json.loads(self._open(self.url + path))
        return answer

    # -- details

    def _file(self, name: str) -> Path:
        return self.leash.folder / name

    @property
    def _etcd_url(self) -> str:
        return f"http://127.0.0.1:{self._etcd_port}"

    def _apply_crds(self) -> None:
        for crd in self.crds:
            self._open(self.url + CRDS, crd)
        self._wait("kube-apiserver", self._serves_crds)

    def _serves_crds(self) -> bool:
        for crd in self.crds:
            group, version, plural = crd["spec"]["group"], crd["spec"]["versions"][0], crd["spec"]["names"]["plural"]
            self.get(f"/apis/{group}/{version['name']}/{plural}?limit=1")
        return True

    def _start(self, program: str, *flags: str) -> None:
        with self._file(f"{program}.log").open("ab") as log:
            command = self.leash.held([str(self._programs / program), *flags])
            self.processes[program] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _wait(self, program: str, holds: Callable[[], bool]) -> None:
        """Wait until it holds, or the program ends."""
        end = monotonic() + PATIENCE
        while not _answered(holds):
            ended = self.processes[program].poll() is not None
            if ended or monotonic() > end:
                said = self._file(f"{program}.log").read_text(errors="replace")[-3000:]
                raise NotReady(f"{program} {'ended' if ended else 'is not ready in time'}: {said}")
            Event().wait(0.02)

    def _open(self, url: str, body: Json | None = None, *, timeout: float = PATIENCE) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if url.startswith("https:"):
            context = ssl.create_default_context(cafile=str(self.authority))
            context.load_cert_chain(self._file(f"{ADMIN}.crt"), self._file(f"{ADMIN}.key"))
            handlers.append(urllib.request.HTTPSHandler(context=context))
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout) as response:
            answer: bytes = response.read()
        return answer


def _answered(holds: Callable[[], bool]) -> bool:
    try:
        return holds()
    except OSError:  # nobody listens yet, or the answer is that it is not ready
        return False
