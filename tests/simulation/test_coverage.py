"""Which pairs of fault and phase can be, and how the table of hits is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import ModuleType

import pytest

from secretsync.reconcile.messages import Outcome, Perform, Report
from secretsync.targets import Create, Delete, Ref
from secretsync.testing.simulation.coverage import merge
from secretsync.values import NO_VERSION
from secretsync_agent.testing.simulation import coverage as agent_coverage
from secretsync_agent.testing.simulation.simulation import AREAS as AGENT_AREAS
from secretsync_k8s.testing.simulation import coverage
from secretsync_k8s.testing.simulation.network import ApiCall, call_of
from secretsync_k8s.testing.simulation.simulation import AREAS

LIVES = [
    pytest.param(coverage, AREAS, id="operators"),
    pytest.param(agent_coverage, AGENT_AREAS, id="agents"),
]
REF = Ref("cluster", "Secret", "env", "shop")


@pytest.mark.parametrize(("coverage", "areas"), LIVES)
def test_every_fault_can_hit_somewhere(coverage: ModuleType, areas: Mapping[str, str]) -> None:
    assert all(coverage.CHART.phases_of(kind, area) for kind, area in areas.items())


@pytest.mark.parametrize(("coverage", "areas"), LIVES)
def test_every_impossible_pair_is_of_a_fault_and_a_phase_that_exist_and_says_why(
    coverage: ModuleType, areas: Mapping[str, str]
) -> None:
    for (kind, phase), why in coverage.IMPOSSIBLE.items():
        assert phase in coverage.PHASES[areas[kind]]
        assert why


@pytest.mark.parametrize(("coverage", "areas"), LIVES)
def test_every_cause_is_a_deed_and_every_phase_with_one_exists(coverage: ModuleType, areas: Mapping[str, str]) -> None:
    phases = {phase for area in coverage.PHASES.values() for phase in area}
    assert coverage.CAUSES.keys() <= phases
    assert {cause for causes in coverage.CAUSES.values() for cause in causes} <= areas.keys()


def test_a_pair_is_missing_until_one_of_the_lives_has_hit_it() -> None:
    areas = {"kms expired tokens": "kms"}
    one, other = Counter({("kms expired tokens", "slug"): 2}), Counter({("kms expired tokens", "check"): 1})
    assert coverage.CHART.missing(one, areas) == [("kms expired tokens", "first read"), ("kms expired tokens", "check")]
    assert coverage.CHART.missing(merge([one, other]), areas) == [("kms expired tokens", "first read")]


def test_the_table_shows_counts_and_marks_what_cannot_be() -> None:
    areas = {
        "kms expired tokens": "kms",
        "api outage": "api",
        "process killed": "process",
        "people add a key": "people",
    }
    shown = coverage.CHART.table(Counter({("kms expired tokens", "check"): 12}), areas)
    assert ["kms", "expired", "tokens", "-", "0", "0", "12"] in [line.split() for line in shown.splitlines()]


@pytest.mark.parametrize(
    ("method", "path", "phase"),
    [
        ("GET", "/api/v1/namespaces/blue/secrets/kms-credentials", "get credentials"),
        ("GET", "/api/v1/namespaces/blue/secrets/app-secret", "observe"),
        ("PATCH", "/api/v1/namespaces/blue/secrets/app-secret", "patch secret"),
        ("POST", "/api/v1/namespaces/blue/secrets", "create secret"),
        ("POST", "/api/v1/namespaces/operators/secrets", "install key"),
        ("GET", "/api/v1/namespaces/blue", "grant"),
        ("GET", "/apis/secrets.lux.network/v1alpha1/kmssecrets", "watch of kmssecrets"),
        ("PATCH", "/apis/secrets.lux.network/v1alpha1/namespaces/blue/kmssecrets/app", "finalizer"),
        ("PATCH", "/apis/secrets.lux.network/v1alpha1/namespaces/blue/kmssecrets/app/status", "status"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/operators/leases/one", "lease"),
        ("POST", "/api/v1/namespaces/blue/events", "event"),
    ],
)
def test_a_request_to_the_api_server_has_a_phase(method: str, path: str, phase: str) -> None:
    assert coverage.api_phase(call_of(method, path)) == phase
    assert phase in coverage.PHASES["api"]


def test_a_watch_is_of_the_phase_of_its_list() -> None:
    assert coverage.api_phase(ApiCall("watch", "configmaps", "operators")) == "watch of configmaps"


def test_to_delete_a_secret_is_to_clean_up() -> None:
    assert coverage.effect_phases(Perform("cluster", "one", REF, Delete("1", NO_VERSION))) == ["writing", "cleaning up"]
    assert coverage.effect_phases(Perform("cluster", "one", REF, Create({}, {}, "blue/app"))) == ["writing"]
    assert coverage.effect_phases(Report("cluster", "one", Outcome(gone=True))) == ["reporting", "cleaning up"]
