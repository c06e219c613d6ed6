"""What crosses a change of the leader, and the sleep of a machine."""

from __future__ import annotations

import pytest

from scenes import NAMESPACE, Scene, wish
from secretsync_k8s.testing.simulation.network import Hindrance

CREATE = f"create secrets {NAMESPACE}"
STATUS = f"patch kmssecrets/status {NAMESPACE}"


def leader(scene):
    return next(one for one in scene.stage.processes if one.leading)


def test_a_write_that_outlives_the_lead_is_not_repeated_by_the_same_process_when_it_leads_again():
    scene = Scene(wish("other"), chosen=True)
    scene.run(10.0)
    process = scene.process

    def cut():
        process.lease_link.cuts += 1
        scene.world.at(scene.now + 25.0, heal)

    def heal():
        process.lease_link.cuts -= 1

    led = scene.sample(lambda: process.leading, 60)
    scene.hinder("slow", CREATE, seconds=11.0)
    scene.when(CREATE, cut)
    scene.apply(wish("app"))
    scene.run(60.0)
    assert led[0]
    assert not all(led)
    assert led[-1]
    scene.check()
    assert scene.tries(CREATE, since=10.0) == 1
    assert scene.writes[-1][0] > 35.0, "it was told before the lead was lost"


@pytest.mark.parametrize("seed", range(6))
def test_a_leader_suspended_before_its_reply_writes_nothing_after_another_took_over(seed):
    scene = Scene(wish("other"), operators=2, chosen=True, seed=seed)
    scene.run(10.0)
    first = leader(scene)
    scene.when(CREATE, lambda: first.life.hold(scene.now + 60.0), taken=True)
    for n in range(20):
        scene.apply(wish(f"app-{n}"))
    scene.run(50.0)
    assert leader(scene) is not first
    scene.check()
    scene.run(60.0)
    scene.check()
    assert scene.count(CREATE, since=10.0) == 20
    assert first.name not in {who for (at, _), who in zip(scene.writes, scene.writers, strict=True) if at > 15.0}


def test_a_leader_that_stops_while_it_writes_a_status_gives_the_lease_back_afterwards():
    scene = Scene(wish("other"), operators=2, chosen=True)
    scene.run(10.0)
    first = leader(scene)
    first.link.hindrances.append(Hindrance("slow", lambda call: str(call).startswith(STATUS), seconds=8.0))
    scene.when(STATUS, first.stop)
    scene.apply(wish("app"))
    leading = scene.sample(lambda: [one.name for one in scene.stage.processes if one.leading], 20)
    scene.run(60.0)
    assert leading[5] == [], "the status is still on its way"
    assert leading[-1] not in ([], [first.name])
    scene.check()


def test_two_that_start_at_one_moment_without_a_lease_agree_and_come_to_rest():
    scene = Scene(wish("app"), wish("b", "/b"), operators=2)
    scene.run(60.0)
    scene.check()
    assert scene.count(CREATE) == 2
    written = len(scene.writes)
    for path in "/app", "/b":
        scene.change(path)
    scene.run(90.0)
    scene.check()
    assert scene.count("patch secrets") == 2
    written = len(scene.writes)
    scene.run(600.0)
    assert len(scene.writes) == written


def test_the_only_operator_is_right_within_an_interval_after_its_machine_slept():
    scene = Scene(wish("app"), wish("gone", "/b"))
    scene.run(30.0)
    scene.process.life.hold(scene.now + 3 * 3600.0)
    scene.change()
    scene.delete("gone")
    scene.apply(wish("new"))
    scene.stage.people(scene.cluster.delete, "secrets", "app-secret", namespace=NAMESPACE)
    scene.run(3 * 3600.0)
    assert scene.data("new") == scene.data("app") == {}
    scene.run(10.0)
    scene.check()
    assert scene.secret("gone") is None
