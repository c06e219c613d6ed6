"""An operator beside another who writes the same Secret, on an API server that judges by versions."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from canaries import canary
from controlplane.cluster import RealCluster
from controlplane.plane import ControlPlane
from proxy import Sent
from real_stand import RealStand, user
from stand import NAMESPACE, PROJECT, kmssecret

pytestmark = pytest.mark.cluster

IN_A_ROW = 3
"""Tries that the operator makes without waiting (kmssecret §4.1)."""


class Rival:
    """Writes something of its own to a Secret whenever it hears that another is about to write it, so many times."""

    def __init__(self, plane: ControlPlane, name: str) -> None:
        self.left = 0
        self.cluster = RealCluster(plane)
        self._name = name

    def __call__(self, sent: Sent) -> None:
        if (sent.method, sent.path) == ("PATCH", f"/api/v1/namespaces/{NAMESPACE}/secrets/{self._name}") and self.left:
            theirs = {"metadata": {"annotations": {"theirs": str(self.left)}}}
            self.cluster.patch("secrets", self._name, theirs, namespace=NAMESPACE)
            self.left -= 1


@pytest.fixture
def rival(plane: ControlPlane) -> Iterator[Rival]:
    rival = Rival(plane, "app")
    yield rival
    rival.cluster.transport.close()


@pytest.mark.row("kmssecret-47")
def test_a_write_that_others_overtake_is_tried_again_until_it_is_done(rival: Rival, stand: RealStand) -> None:
    kms = stand.kms({"/app": {"A": canary()}})
    way = stand.way(stand.in_plain(), before=rival)
    stand.kubeconfig.write_text(json.dumps(stand.real.plane.config({}, url=way.url)))
    stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    stand.forget()

    rival.left = IN_A_ROW
    fresh = canary("fresh")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": fresh})
    stand.until_event("app", "Updated")  # told after all that came before it
    tries = [
        one.status for one in stand.real.asked() if (one.user, one.resource, one.verb) == (user(), "secrets", "patch")
    ]
    assert tries == [409] * IN_A_ROW + [200]
    assert stand.data("app") == {"A": fresh}
    assert stand.secret("app")["metadata"]["annotations"]["theirs"] == "1"
    assert stand.condition("app")["status"] == "True"
    assert stand.events("app", "TargetMoved") == []
