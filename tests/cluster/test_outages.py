"""Two operators on a real control plane whose API server stops, dies and comes back, or who die themselves."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from canaries import canary
from controlplane.cluster import RealCluster
from controlplane.plane import ControlPlane
from real_stand import LASTS, NAME, RealStand
from secretsync_k8s.manifests import crd
from stand import NAMESPACE, OPERATOR_NAMESPACE, PROJECT, Operator, eventually, kmssecret

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(1200)]

MINUTE = 60.0
LONG = 300
MANY = 1000
API = "kube-apiserver"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RealStand]:
    """A cluster of its own, which may be stopped."""
    with (
        ControlPlane(crds=[crd("kmssecrets")]) as plane,
        RealCluster(plane) as cluster,
        RealStand(tmp_path, cluster=cluster) as made,
    ):
        yield made


def leaders(pair: list[Operator]) -> list[Operator]:
    """Return those that hold the Lease, by what they log."""
    return [one for one in pair if said(one, "leads by lease") > said(one, "leads no longer")]


def said(operator: Operator, text: str) -> int:
    return sum(text in line for line in operator.lines)


def passed(end: float) -> None:
    """Let an outage last."""
    eventually(lambda: monotonic() >= end, timeout=LONG)


@pytest.mark.row("kmssecret-62")
@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
def test_an_api_server_that_is_away_for_a_minute_costs_nothing(own: RealStand, how: signal.Signals) -> None:
    kms = own.kms({"/app": {"A": canary()}})
    pair = [own.operator(), own.operator()]
    own.apply(kmssecret("app", kms.url))
    own.until_ready("app")
    written = own.real.plane.times_written("secrets", NAMESPACE, "app")
    own.forget()
    own.may_be_refused = True  # an API server that starts grants nothing until it has read the roles
    plane, began = own.real.plane, monotonic()
    plane.signal(API, how)
    fresh = canary("fresh")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": fresh})
    eventually(lambda: leaders(pair) == [], timeout=LONG)
    passed(began + MINUTE)
    assert all(one.running for one in pair)

    if how is signal.SIGSTOP:
        plane.signal(API, signal.SIGCONT)
    else:
        plane.start_api()
    own.until("secrets", lambda: own.data("app") == {"A": fresh}, timeout=LONG)
    # What was sent to a process that was stopped is done when it goes on, whoever leads then: by its version only.
    eventually(lambda: len(leaders(pair)) == 1, timeout=LONG)
    assert all(one.running for one in pair)
    assert plane.times_written("secrets", NAMESPACE, "app") == written + 1
    # What its sender has given up meanwhile may be done and yet be answered with a failure.
    asked = own.writes("secrets")
    assert {(one.verb, one.name) for one in asked} == {("patch", "app")}
    assert sum(one.status == 200 for one in asked) <= 1


def test_operators_whose_token_is_over_go_on_with_the_next(own: RealStand, tmp_path: Path) -> None:
    kms = own.kms({"/app": {"A": canary()}})
    file = tmp_path / "token"
    file.write_text(token(own, "first"))
    own.run_by(file)
    pair = [own.operator(), own.operator()]
    own.apply(kmssecret("app", kms.url))
    own.until_ready("app")
    written = own.real.plane.times_written("secrets", NAMESPACE, "app")
    own.cluster.delete("secrets", "first", namespace=OPERATOR_NAMESPACE)
    eventually(lambda: leaders(pair) == [], timeout=LONG)
    fresh = canary("fresh")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": fresh})
    file.write_text(token(own, "second"))
    own.until("secrets", lambda: own.data("app") == {"A": fresh}, timeout=LONG)
    assert all(one.running for one in pair)
    assert len(leaders(pair)) == 1
    assert own.real.plane.times_written("secrets", NAMESPACE, "app") == written + 1


def token(own: RealStand, bound: str) -> str:
    """Return a token of the operator that is over when this Secret, which is made for it, is gone."""
    own.cluster.create("secrets", {"metadata": {"name": bound}}, namespace=OPERATOR_NAMESPACE)
    return own.real.token(NAME, namespace=OPERATOR_NAMESPACE, seconds=LASTS, bound=bound)


@pytest.mark.row("kmssecret-62")
def test_a_standby_takes_over_a_thousand_objects_without_a_write(own: RealStand) -> None:
    kms = own.kms({"/app": {"A": canary()}})
    first = own.operator("--max-interval", "1h")
    own.apply(*(kmssecret(f"app-{n}", kms.url) for n in range(MANY)))
    eventually(lambda: sum(one.get("reason") == "Synced" for one in own.conditions().values()) == MANY, timeout=LONG)
    second = own.operator("--max-interval", "1h")
    second.line("serving /metrics", timeout=LONG)
    own.forget()
    first.signal(signal.SIGKILL)
    second.line("leads by lease", timeout=LONG)
    eventually(lambda: second.page("/readyz")[0] == 200, timeout=LONG)
    changed = canary("changed")
    own.cluster.patch("secrets", "app-7", {"stringData": {"A": changed}}, namespace=NAMESPACE)
    own.until("secrets", lambda: own.data("app-7") != {"A": changed}, timeout=LONG)
    written = [(one.verb, one.resource, one.name) for one in own.writes() if one.name != "app-7"]
    assert written == []
