"""What crosses a request to a KMS, or its answer on the way back."""

from __future__ import annotations

from itertools import pairwise

import pytest

from scenes import ELSEWHERE, HOST, LOGIN, NAMESPACE, Scene, wish
from secretsync.devserver.faults import Fault

CONFIG = "kms-config"


def many(count, *, interval=60):
    return [wish(f"app-{n}", f"/folder-{n}", interval=interval) for n in range(count)]


def most_in(seconds, moments):
    """The most moments that fall into one window of so many seconds."""
    return max(sum(begin <= at < begin + seconds for at in moments) for begin in moments)


def times(scene, what, since=0.0):
    return [at for at, one in scene.asked if one == what and at >= since]


# -- refusals that come late


def test_a_401_that_comes_late_does_not_cost_the_fresh_token_its_life():
    scene = Scene(wish("late", "/late"), wish("early", "/early"))
    scene.run(30.0)
    told = scene.sample(lambda: scene.ready("late"), 150)
    scene.when_asked("/late", scene.hold(45.0), answered=True)
    scene.kms.model.revoke_tokens()
    scene.run(150.0)
    scene.check()
    assert scene.count("login", since=30.0) == 1
    assert set(told) == {"True"}


def test_a_403_that_comes_late_does_not_make_a_fresh_token_suspect():
    scene = Scene(wish("late", "/late", interval=600), wish("prompt", "/prompt", interval=600))
    scene.run(120.0)
    told = scene.sample(lambda: scene.ready("late"), 120)
    scene.fault(Fault(route="list", status=403), 10.0)
    scene.when_asked("/late", scene.hold(45.0))
    scene.force("late")
    scene.run(5.0)
    scene.force("prompt")
    scene.run(115.0)
    assert scene.count("login", since=120.0) == 1
    assert set(told) == {"True"}
    assert scene.count("/late", since=120.0) == 2


# -- credentials


@pytest.mark.parametrize("answered", [False, True], ids=["before it is checked", "before it is answered"])
def test_credentials_rotated_while_a_login_is_in_flight_are_used_within_seconds(answered):
    scene = Scene(wish("app"))
    hold = scene.hold(2.0)
    scene.when_asked("login", lambda: (scene.rotate(), hold()), answered=answered)
    scene.run(15.0)
    scene.check()
    assert scene.count("login") == 2


def test_credentials_deleted_while_a_login_is_in_flight_are_missed_and_welcome_again():
    scene = Scene(wish("app"))

    def delete():
        scene.stage.people(scene.cluster.delete, "secrets", LOGIN.name, namespace=NAMESPACE)
        scene.world.sleep(1.0)

    scene.when_asked("login", delete)
    scene.run(10.0)
    assert scene.ready("app") == "CredentialsNotFound"
    scene.stage.people(scene.cluster.create, "secrets", scene.stage.credentials(LOGIN))
    scene.run(5.0)
    scene.check()


def test_credentials_that_come_back_while_logins_fail_are_used_as_soon_as_these_work():
    scene = Scene(wish("app"))
    scene.restart()
    failing = Fault(route="login", reset=True)
    scene.fault(failing, 10_000.0)
    scene.run(1200.0)
    scene.cluster.disturb("delay", resource="secrets", seconds=40.0)  # so that a login misses them first
    scene.stage.people(scene.cluster.delete, "secrets", LOGIN.name, namespace=NAMESPACE)
    scene.run(60.0)
    assert scene.ready("app") == "CredentialsNotFound"
    scene.stage.people(scene.cluster.create, "secrets", scene.stage.credentials(LOGIN))
    scene.when_asked("login", lambda: scene.kms.faults.discard(failing))
    scene.run(35.0)
    scene.check()


def test_who_is_refused_waits_for_the_next_try_of_a_server_that_fails_for_another():
    scene = Scene(wish("app"), wish("other", "/other", home=ELSEWHERE))
    scene.run(60.0)
    scene.kms.model.replace_identity(scene.stage.scenario.identity(HOST, LOGIN, secret="another"))
    scene.kms.model.revoke_tokens()
    scene.run(60.0)
    began = scene.now
    scene.fault(Fault(route="list", reset=True), 600.0)
    scene.run(600.0)
    assert scene.count("login", since=began) <= 600 / 30
    scene.run(65.0)
    assert scene.ready("other") == "True"
    assert scene.ready("app") == "AuthenticationFailed"


# -- a sync that is asked for at a bad moment


def test_a_sync_asked_for_while_its_folder_is_read_reads_it_again():
    scene = Scene(wish("app", interval=1800))
    scene.run(30.0)
    hold, changed = scene.hold(3.0), []
    scene.when_asked("/app", lambda: (changed.append(scene.change()), scene.force("app"), hold()), answered=True)
    scene.force("app")
    scene.run(20.0)
    assert scene.data("app")["A"] == changed[0]
    assert scene.count("/app", since=30.0) == 2


def test_a_sync_asked_for_while_it_waits_for_a_token_is_done_once():
    scene = Scene(wish("app", interval=1800))
    hold = scene.hold(3.0)
    scene.when_asked("login", lambda: (scene.force("app"), hold()))
    scene.run(20.0)
    scene.check()
    assert scene.count("/app") == scene.count("slug") == 1


def test_a_sync_asked_for_while_its_secret_is_written_reads_again():
    scene = Scene(wish("app", interval=1800))
    hold, changed = scene.hold(3.0), []
    scene.when(f"create secrets {NAMESPACE}", lambda: (changed.append(scene.change()), scene.force("app"), hold()))
    scene.run(20.0)
    scene.check()
    assert scene.data("app")["A"] == changed[0]
    assert scene.count("/app") == 2


# -- intervals


def test_an_interval_shortened_while_a_check_waits_for_its_turn_after_a_restart_counts_at_once():
    scene = Scene(wish("app", interval=1800))
    scene.run(2000.0)
    scene.restart()
    scene.run(20.0)
    asked = scene.count("/app")
    scene.patch("app", {"spec": {"resyncInterval": 60}})
    text = scene.change()
    scene.run(70.0)
    assert scene.data("app")["A"] == text
    assert scene.count("/app") - asked <= 2


def test_two_intervals_on_one_folder_are_kept_through_restart_failure_and_recovery():
    scene = Scene(wish("often", interval=60), wish("seldom", interval=1800))
    scene.run(600.0)
    begin = scene.now
    scene.restart()
    scene.run(600.0)
    assert 9 <= len(times(scene, "/app", begin)) <= 12, "once a minute, for both together"
    down = scene.now
    scene.fault(Fault(route="list", reset=True), 600.0)
    scene.run(600.0)
    assert len(times(scene, "/app", down)) <= 40
    text = scene.change()
    scene.run(65.0)
    assert scene.data("often")["A"] == scene.data("seldom")["A"] == text
    scene.check()


# -- slow and patient servers


def test_a_server_slower_than_the_interval_is_asked_one_thing_at_a_time():
    scene = Scene(wish("app", interval=10))
    scene.run(30.0)
    scene.fault(Fault(route="list", delay=14.0), 600.0)
    text = scene.change()
    scene.run(30.0)
    assert scene.data("app")["A"] == text
    for n in range(5):
        scene.apply(wish(f"other-{n}", interval=10))
        scene.run(3.0)
    scene.run(200.0)
    assert min(after - before for before, after in pairwise(times(scene, "/app", since=40.0))) >= 14.0
    scene.check()


def test_a_server_that_asks_for_more_patience_than_the_interval_gets_it():
    scene = Scene(wish("app", interval=10), wish("other", "/other", interval=10))
    scene.run(30.0)
    fault = Fault(route="list", status=429, retry_after=50)
    scene.fault(fault, 5.0 + 10.0)
    begin = scene.now
    text = scene.change()
    scene.run(90.0)
    first, *later = [at for at, what in scene.asked if at >= begin and what.startswith("/")]
    assert later[0] - first >= 50.0 or later[1] - first >= 50.0
    assert scene.data("app")["A"] == text
    scene.check()


def test_a_host_that_fails_while_300_queries_wait_gets_one_probe_at_a_time():
    scene = Scene(*many(300, interval=600))
    fault = Fault(route="list", hang=True)
    scene.world.at(1.0, lambda: scene.fault(fault, 300.0))
    scene.run(301.0)
    lost = [at for at, what in scene.asked if what.startswith("/") and at > 40.0]
    assert len(lost) <= 20
    scene.run(60.0)
    scene.check()


def test_an_object_deleted_while_its_host_hangs_is_gone_at_once():
    scene = Scene(wish("app", namespace="green"))
    scene.run(30.0)
    scene.fault(Fault(hang=True), 600.0)
    scene.run(100.0)
    scene.delete("app")
    scene.run(5.0)
    assert scene.cluster.list("kmssecrets")["items"] == []
    assert scene.secret("app", namespace="green") is None


# -- the operator's ConfigMap


def test_a_configmap_changed_while_a_run_waits_for_its_answer_counts():
    obj = wish("app")
    del obj["spec"]["hostAPI"]
    scene = Scene(wish("named"))
    other = {"metadata": {"name": CONFIG}, "data": {"hostAPI": "https://nowhere.example/api"}}
    scene.cluster.create("configmaps", other, namespace="operators")
    scene.run(10.0)

    def correct():
        scene.stage.people(
            scene.cluster.patch, "configmaps", CONFIG, {"data": {"hostAPI": f"{HOST}/api"}}, namespace="operators"
        )
        scene.world.sleep(1.0)

    scene.when("get secrets", correct)
    scene.apply(obj)
    scene.run(20.0)
    assert scene.ready("app") == "True"
    assert scene.data("app") == scene.data("named")
