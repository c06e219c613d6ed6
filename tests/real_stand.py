"""The stand of the operator's tests on a real control plane, where it may do what `deploy/rbac.yaml` says and no more."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import define

from controlplane.cluster import ACCOUNT, RealCluster
from secretsync_k8s.testing import ApiError
from stand import OPERATOR_NAMESPACE, Process, Stand

Json = dict[str, Any]

DEPLOY: Final = Path(__file__).parents[1] / "deploy"
NAME: Final = "secretsync-operator"
LASTS: Final = 3600
"""Seconds."""


def manifests(name: str = "rbac") -> list[Json]:
    """Return what stands in a file of `deploy/`."""
    return list(yaml.safe_load_all((DEPLOY / f"{name}.yaml").read_text("utf-8")))


def user(account: str = NAME) -> str:
    """Return how the API server knows an operator's service account."""
    return f"{ACCOUNT}{OPERATOR_NAMESPACE}:{account}"


def install(cluster: RealCluster, wanted: list[Json]) -> None:
    """Create what is not there; the roles of the whole cluster stay from test to test."""
    for manifest in wanted:
        with suppress(ApiError):
            cluster.create(f"{manifest['kind'].lower()}s", manifest)


@define
class RealStand(Stand):
    """A `Stand` whose operators run as their service account."""

    has_rules = True
    may_be_refused: bool = False

    @property
    def real(self) -> RealCluster:
        assert isinstance(self.cluster, RealCluster)
        return self.cluster

    def _serve(self) -> None:
        self.api = self.real
        install(self.real, manifests())
        self.run_as(NAME)

    def grant(self, name: str) -> None:
        wanted = manifests(name)
        install(self.real, wanted)
        for role in wanted:  # the roles of the cluster stay, and no other test shall have these
            self._stack.callback(self.real.delete, f"{role['kind'].lower()}s", role["metadata"]["name"])

    def beside(self) -> RealCluster:
        made = RealCluster(self.real.plane)
        self._stack.callback(made.transport.close)
        return made

    def run_as(self, account: str) -> None:
        """Let operators that are started from now on run as this service account."""
        token = self.real.token(account, namespace=OPERATOR_NAMESPACE, seconds=LASTS)
        self.kubeconfig.write_text(json.dumps(self.real.plane.config({"token": token})))

    def run_by(self, file: Path) -> None:
        """Let operators that are started from now on take their token from this file."""
        self.kubeconfig.write_text(json.dumps(self.real.plane.config({"tokenFile": str(file)})))

    def in_plain(self) -> str:
        """Return where the API is had in plain HTTP, as who the operator is: what passes there can be read."""
        command = [self.real.plane.kubectl, f"--kubeconfig={self.kubeconfig}", "proxy", "--port=0"]
        served = Process(self._held(command), {"HOME": str(self.directory), "PATH": os.defpath})
        self._stack.callback(served.stop)
        return f"http://{served.line('Starting to serve on').split()[-1]}"

    def _held(self, argv: list[str]) -> list[str]:
        return self.real.plane.leash.held(argv)

    def check(self) -> None:
        """Fail, too, when the operator was refused something."""
        super().check()
        operators = user()  # whatever theirs are called, their names begin so
        refused = [one for one in self.real.asked() if one.user.startswith(operators) and one.status == 403]
        assert self.may_be_refused or not refused
