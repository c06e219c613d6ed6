"""Small lives with one crossing each, which a storm meets too seldom: what a bug would do there breaks an invariant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import evolve

from secretsync_k8s.cluster.transport import Body, Json
from secretsync_k8s.testing.simulation.deeds import Deed
from secretsync_k8s.testing.simulation.network import ApiCall
from secretsync_k8s.testing.simulation.process import OperatorProcess
from secretsync_k8s.testing.simulation.scenario import Login, Place, Scenario, manifest, value
from secretsync_k8s.testing.simulation.simulation import FIRST, Result, Simulation, length
from secretsync_k8s.testing.simulation.stage import Stage

HOST = "https://kms.example"
PLACE = Place(HOST, "/app")
KEYS = ("KEY_0", "KEY_1", "KEY_2")
INTERVAL = 60


def wish(*, policy: str = "Orphan", target: str = "blue", credentials: str = "blue") -> Json:
    """Return an object of namespace blue."""
    made = manifest("app", "blue", PLACE, interval=INTERVAL, policy=policy, credentials=credentials)
    made["spec"]["managedSecretReference"]["secretNamespace"] = target
    return made


def small(obj: Json, **more: str) -> Scenario:
    """Return a scenario of one object on one folder."""
    folders = {PLACE: {key: value(PLACE, key) for key in KEYS}}
    return evolve(Scenario((HOST,), folders, (obj,), longest=INTERVAL), **more)


# -- under the eyes of the oracle


def lived(*deeds: Deed) -> Result:
    """Live through these deeds, each so many seconds after the beginning of the storm."""
    scenario = small(wish())
    begun = [evolve(deed, at=FIRST + deed.at) for deed in deeds]
    return Simulation(1, hours=length(1, scenario), scenario=scenario, deeds=begun).run()


def fine(result: Result) -> bool:
    assert result.violation is None, "\n".join(result.story)
    return True


def test_a_day_of_work_shows_no_value() -> None:
    assert fine(lived(Deed(10.0, "people change a value"), Deed(100.0, "people add a key")))


def test_an_empty_list_is_no_proof() -> None:
    assert fine(lived(Deed(10.0, "kms empty list", seconds=600.0, how=0.6)))


def test_a_target_deleted_by_hand_comes_back_though_the_kms_says_304() -> None:
    assert fine(lived(Deed(10.0, "people delete a Secret")))


# -- looked at step by step


@contextmanager
def staged(scenario: Scenario) -> Iterator[Stage]:
    stage = Stage(scenario, seed=1)
    try:
        yield stage
    finally:
        stage.close()


def later(stage: Stage, seconds: float) -> None:
    stage.world.run(stage.world.now + seconds)


def delete(stage: Stage) -> None:
    assert stage.people(stage.cluster.delete, "kmssecrets", "app", namespace="blue")


def test_credentials_of_another_namespace_are_never_used() -> None:
    with staged(small(wish(credentials="green"), cross_namespace="Deny")) as stage:
        asked: list[str] = []
        stage.servers[HOST].met = lambda call, route, fault: asked.append(route)
        stage.start_operator()
        later(stage, 600.0)
        assert asked == []
        assert stage.secret("blue", "app-secret") is None


_PATCH = "patch kmssecrets blue/app"


def test_what_is_owned_elsewhere_goes_with_its_object() -> None:
    patches: list[str] = []
    with staged(small(wish(policy="Owner", target="green"), cross_namespace="Allow")) as stage:
        stage.done = lambda process, call, body: patches.append(call.name) if str(call) == _PATCH else None
        stage.start_operator()
        later(stage, 200.0)
        assert stage.secret("green", "app-secret")
        assert patches == ["app"], "held back once, and for good"
        delete(stage)
        later(stage, 60.0)
        assert stage.secret("green", "app-secret") is None
        assert stage.cluster.list("kmssecrets")["items"] == []


def test_what_was_made_before_a_crash_goes_with_its_object() -> None:
    def dies(process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        if (call.verb, call.resource, call.namespace) == ("create", "secrets", "green"):
            process.kill()

    with staged(small(wish(policy="Owner", target="green"), cross_namespace="Allow")) as stage:
        stage.done = dies
        stage.start_operator()
        later(stage, 60.0)
        assert stage.alive == []
        delete(stage)
        stage.start_operator()
        later(stage, 60.0)
        assert stage.secret("green", "app-secret") is None
        assert stage.cluster.list("kmssecrets")["items"] == []


def ready(stage: Stage) -> Json:
    """Return condition Ready of the object, {} if nothing is told."""
    conditions = stage.cluster.get("kmssecrets", "app", namespace="blue").get("status", {}).get("conditions", ())
    found: Json = next((one for one in conditions if one["type"] == "Ready"), {})
    return found


def test_credentials_without_a_key_are_told_and_never_sent() -> None:
    with staged(small(wish())) as stage:
        asked: list[str] = []
        stage.servers[HOST].met = lambda call, route, fault: asked.append(route)
        assert stage.people(
            stage.cluster.patch, "secrets", "kms-credentials", {"data": {"clientSecret": None}}, namespace="blue"
        )
        stage.start_operator()
        later(stage, 120.0)
        assert asked == []
        assert ready(stage).get("reason") == "CredentialsNotFound"
        assert "clientSecret" in ready(stage)["message"]


def test_credentials_that_appear_are_used_at_once() -> None:
    with staged(small(wish())) as stage:
        assert stage.people(stage.cluster.delete, "secrets", "kms-credentials", namespace="blue")
        stage.start_operator()
        later(stage, 100.0)
        assert ready(stage).get("reason") == "CredentialsNotFound"
        assert stage.people(stage.cluster.create, "secrets", stage.credentials(Login("blue")))
        later(stage, 2.0)
        assert ready(stage).get("reason") == "Synced"
