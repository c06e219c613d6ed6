"""What the quickstart starts: a development KMS and an API server in this process, the operator in its own."""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from secretsync.devserver import DevServer
from secretsync.devserver.seed import parse_seed
from secretsync.errors import SecretSyncError
from secretsync.values import SecretValue

from ..manifests import crd, example
from ..testing import ApiError, ClusterServer, MemoryCluster
from ..testing.status import Json

T = TypeVar("T")

PROJECT: Final = "secrets-639-c"
ENVIRONMENT: Final = "prod"
PATH: Final = "/example"
KMS_HOST: Final = "kms.hanzo.svc.cluster.local:80"
"""Host and port of the manifest's `hostAPI`."""
INTERVAL: Final = "2s"

_CLIENT: Final = "example-client"
_LOOK: Final = 0.02
_ALL: Final = 55.0
"""Seconds after which nothing more is waited for: the whole story fits into a minute or has failed."""
_STOP: Final = 5.0

_SEED: Final = """
organization: {{slug: hanzo}}
projects:
  - {{id: 09eda1f8-85a3-47a9-8a6f-e27f133b2a36, slug: {project}, environments: [{environment}]}}
identities:
  - id: ad2f8c67-cbe2-417a-b5eb-1339776ec0b3
    universal: {{clientId: {client}, clientSecret: {secret}}}
    grants: [{{project: {project}, env: {environment}, path: "/**", actions: [read]}}]
secrets:
  {project}: {{{environment}: {{{path}: {{DB_HOST: db.hanzo.svc, DB_URL: "postgres://${{DB_HOST}}/shop", API_KEY: k-1}}}}}}
"""


class Failed(SecretSyncError):
    """A step did not come out as it should; the text says what was waited for."""

    code = "step_failed"


class Stage:
    """Everything on loopback, in free ports and a temporary folder; all of it ends with the context."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="secretsync-")
        client_secret = secrets.token_urlsafe(24)
        self.control_token = SecretValue(secrets.token_urlsafe(24))
        seed = _SEED.format(project=PROJECT, environment=ENVIRONMENT, path=PATH, client=_CLIENT, secret=client_secret)
        self.kms = DevServer(parse_seed(seed), control_token=self.control_token)
        self.cluster = MemoryCluster(crds=[crd("kmssecrets")])
        self.manifest = example("kmssecret")
        self._prepare(client_secret)
        self.operator: subprocess.Popen[bytes] | None = None
        self._ends = time.monotonic() + _ALL

    def _prepare(self, client_secret: str) -> None:
        for name in ("hanzo", "kms-operator-system"):
            self.cluster.create("namespaces", {"metadata": {"name": name}})
        credentials = {"clientId": _CLIENT, "clientSecret": client_secret}
        metadata = {"name": "universal-auth-credentials", "namespace": "hanzo"}
        self.cluster.create("secrets", {"metadata": metadata, "stringData": credentials})

    @property
    def kubeconfig(self) -> Path:
        return Path(self._folder.name) / "kubeconfig"

    @property
    def log(self) -> Path:
        return Path(self._folder.name) / "operator.log"

    @property
    def arguments(self) -> list[str]:
        """The operator's flags that a reader should know of: the manifest's host and interval, mapped."""
        address = self.kms.url.removeprefix("http://")
        return ["--resolve", f"{KMS_HOST}={address}", "--max-interval", INTERVAL]

    def __enter__(self) -> Self:
        self.kms.start()
        self._server = ClusterServer(self.cluster)
        self._server.write_kubeconfig(self.kubeconfig, namespace="hanzo")
        ports = ["--health-probe-bind-address", "127.0.0.1:0", "--metrics-bind-address", "0"]
        command = [sys.executable, "-m", "secretsync_k8s.operator.main", "--kubeconfig", str(self.kubeconfig)]
        with self.log.open("wb") as log:
            self.operator = subprocess.Popen([*command, *ports, *self.arguments], stdout=log, stderr=log)  # noqa: S603
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.operator is not None:
            self.operator.terminate()
            try:
                self.operator.wait(_STOP)
            except subprocess.TimeoutExpired:
                self.operator.kill()
                self.operator.wait()
        self._server.close()
        self.kms.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        return self._server.url

    # -- what a user sees and does

    def apply(self) -> None:
        self.cluster.create("kmssecrets", self.manifest)

    def withdraw(self) -> None:
        self.cluster.delete("kmssecrets", self.manifest["metadata"]["name"], namespace="hanzo")

    def set(self, **values: str) -> None:
        """Change secrets in the KMS."""
        self.kms.model.put(PROJECT, ENVIRONMENT, PATH, {key: SecretValue(value) for key, value in values.items()})

    def edit(self, **values: str) -> None:
        """Change the Secret by hand."""
        data = {key: b64encode(value.encode()).decode() for key, value in values.items()}
        self.cluster.patch("secrets", "example-secrets", {"data": data}, namespace="hanzo")

    def secret(self) -> Json | None:
        """Return the Secret as it is now, None when there is none."""
        try:
            return self.cluster.get("secrets", "example-secrets", namespace="hanzo")
        except ApiError as error:
            if error.reason != "NotFound":
                raise
            return None

    def values(self) -> Mapping[str, str]:
        return {key: b64decode(text).decode() for key, text in ((self.secret() or {}).get("data") or {}).items()}

    def ready(self) -> Mapping[str, str]:
        """Return the condition Ready of the KMSSecret, {} before there is one."""
        held = self.cluster.get("kmssecrets", self.manifest["metadata"]["name"], namespace="hanzo")
        conditions = (held.get("status") or {}).get("conditions") or []
        return next((one for one in conditions if one["type"] == "Ready"), {})

    def events(self, reason: str) -> list[str]:
        """Return the notes of the events with this reason."""
        items = self.cluster.list("events.events.k8s.io", namespace="hanzo")["items"]
        return [item["note"] for item in items if item["reason"] == reason]

    def until(self, what: str, look: Callable[[], T], *, seconds: float = 15.0) -> T:
        """Return what `look` returns as soon as it is true.

        Raises:
            Failed: It did not become true in time, or the operator is gone.
        """
        deadline = min(time.monotonic() + seconds, self._ends)
        while time.monotonic() < deadline:
            if seen := look():
                return seen
            if self.operator is not None and self.operator.poll() is not None:
                raise Failed(f"the operator ended with exit code {self.operator.returncode} before {what}")
            time.sleep(_LOOK)
        raise Failed(f"waited in vain for {what}")

    def last_log_lines(self, count: int = 10) -> list[str]:
        return self.log.read_text("utf-8", errors="replace").splitlines()[-count:]
