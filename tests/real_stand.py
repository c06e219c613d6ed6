"""The stand of the operator's tests on a real control plane, where it may do what `deploy/rbac.yaml` says and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from attrs import define

from controlplane.cluster import ACCOUNT, RealCluster
from secretsync_k8s.testing import ApiError
from stand import OPERATOR_NAMESPACE, Stand

T = TypeVar("T")
Json = dict[str, Any]

ROLES: Final = Path(__file__).parents[1] / "deploy" / "rbac.yaml"
NAME: Final = "secretsync-operator"
USER: Final = f"{ACCOUNT}{OPERATOR_NAMESPACE}:{NAME}"
LASTS: Final = 3600
"""Seconds."""
PATIENCE: Final = 60


def roles() -> list[Json]:
    """Return the manifests by which the operator may do what it does."""
    return list(yaml.safe_load_all(ROLES.read_text("utf-8")))


def install(cluster: RealCluster, manifests: list[Json]) -> None:
    """Create what is not there; the roles of the whole cluster stay from test to test."""
    for manifest in manifests:
        with suppress(ApiError):
            cluster.create(f"{manifest['kind'].lower()}s", manifest)


@define
class RealStand(Stand):
    """A `Stand` whose operators run as their service account."""

    has_rules = True

    def _serve(self) -> None:
        assert isinstance(self.cluster, RealCluster)
        self.api = self.cluster
        install(self.cluster, roles())
        user = {"token": self.cluster.token(NAME, namespace=OPERATOR_NAMESPACE, seconds=LASTS)}
        self.kubeconfig.write_text(json.dumps(self.cluster.plane.config(user)))

    def _held(self, argv: list[str]) -> list[str]:
        assert isinstance(self.cluster, RealCluster)
        return self.cluster.plane.leash.held(argv)

    def until(self, resource: str, holds: Callable[[], T], *, timeout: int = PATIENCE) -> T:
        """Wait longer: three more programs share the machine, and the garbage collector is in no hurry."""
        return super().until(resource, holds, timeout=timeout)

    def check(self) -> None:
        """Fail, too, when the operator was refused something."""
        super().check()
        assert isinstance(self.cluster, RealCluster)
        assert [one for one in self.cluster.asked() if one.user == USER and one.status == 403] == []
