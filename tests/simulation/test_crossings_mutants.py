"""Small lives with one crossing each, which a storm meets too seldom: what a bug would do there breaks an invariant."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from attrs import evolve

from secretsync.testing.simulation.deeds import Deed
from secretsync.testing.simulation.shrink import Result
from secretsync.values import SecretValue
from secretsync_k8s.cluster.transport import Body, Json
from secretsync_k8s.testing.simulation.network import ApiCall
from secretsync_k8s.testing.simulation.process import OperatorProcess
from secretsync_k8s.testing.simulation.scenario import Login, Place, Scenario, manifest, value
from secretsync_k8s.testing.simulation.simulation import FIRST, Simulation, length
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


def small(obj: Json, **more: object) -> Scenario:
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


def test_without_deeds_each_folder_is_asked_for_as_often_as_its_interval_says() -> None:
    assert fine(lived())


def test_an_empty_list_is_no_proof() -> None:
    assert fine(lived(Deed(10.0, "kms empty list", seconds=600.0, how=0.6)))


def test_a_target_deleted_by_hand_comes_back_though_the_kms_says_304() -> None:
    assert fine(lived(Deed(10.0, "people delete a Secret")))


# -- looked at step by step


@contextmanager
def staged(scenario: Scenario, *, seed: int = 1) -> Iterator[Stage]:
    stage = Stage(scenario, seed=seed)
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


# -- two operators


def leader(stage: Stage) -> OperatorProcess | None:
    """Return who leads; never two."""
    leading = [one for one in stage.alive if one.leading]
    assert len(leading) < 2, "two lead at once"
    return leading[0] if leading else None


def until(stage: Stage, holds: Callable[[], object], *, seconds: float = 70.0) -> None:
    end = stage.world.now + seconds
    while not holds():
        assert stage.world.now < end, "it does not come true"
        later(stage, 0.01)


@contextmanager
def led(seed: int) -> Iterator[tuple[Stage, OperatorProcess]]:
    """Two operators, one of which leads; whoever writes while the other leads ends the test."""

    def done(process: OperatorProcess, call: ApiCall, body: Body | None) -> None:
        now = leader(stage)
        assert not call.writes or call.resource == "leases" or now in {None, process}, f"{process.name}: {call}"

    with staged(small(wish(), operators=2), seed=seed) as stage:
        stage.done = done
        for _ in range(2):
            stage.start_operator()
        until(stage, lambda: stage.secret("blue", "app-secret"))
        first = leader(stage)
        assert first
        yield stage, first


def test_a_leader_that_is_cut_off_is_followed_when_its_time_is_over() -> None:
    with led(seed=1) as (stage, first):
        for link in (first.link, first.lease_link):
            link.cuts += 1
            link.break_off()
        until(stage, lambda: leader(stage) not in {None, first}, seconds=20.0)


@pytest.mark.parametrize("seed", [*range(6), 24, 42])
def test_a_leader_suspended_between_reading_and_writing_writes_nothing_when_it_wakes_up(seed: int) -> None:
    with led(seed) as (stage, first):
        text = SecretValue(value(PLACE, "KEY_0", 7))
        stage.servers[HOST].model.put(PLACE.project, PLACE.environment, PLACE.path, {"KEY_0": text})
        until(stage, lambda: "reading" in first.busy_with)
        first.life.hold(stage.world.now + 40.0)
        until(stage, lambda: leader(stage) not in {None, first}, seconds=30.0)
        later(stage, 60.0)
        held = stage.secret("blue", "app-secret")
        assert held
        assert b64decode(held["data"]["KEY_0"]) == text.reveal()
