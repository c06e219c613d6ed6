"""What crosses a write on its way to the API server, or its reply on the way back."""

from __future__ import annotations

import pytest

from scenes import ELSEWHERE, LOGIN, NAMESPACE, Scene, wish
from secretsync.devserver.faults import Fault

CREATE = f"create secrets {NAMESPACE}"


def objects(scene):
    return scene.cluster.list("kmssecrets")["items"]


def rename(scene, name, secret):
    scene.patch(name, {"spec": {"managedSecretReference": {"secretName": secret}}})


# -- lost replies: what was sent took effect, and nobody is told


def test_a_create_whose_reply_is_lost_is_known_as_ours_and_made_once():
    scene = Scene(wish("app"))
    scene.hinder("lost", CREATE)
    scene.run(0.2)  # after the lists
    scene.cluster.disturb("delay", resource="secrets", seconds=30.0)
    scene.run(60.0)
    scene.check()
    assert scene.tries(CREATE) == 1
    assert scene.tries("patch secrets") == 0


def test_a_patch_whose_reply_is_lost_is_written_once():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.hinder("lost", "patch secrets")
    scene.change()
    scene.run(90.0)
    scene.check()
    assert scene.count("patch secrets") == 1


def test_a_delete_whose_reply_is_lost_leaves_nothing_behind():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.hinder("lost", "delete secrets")
    scene.when("delete secrets", lambda: scene.cluster.disturb("delay", resource="secrets", seconds=60.0))
    rename(scene, "app", "other")
    scene.run(20.0)
    assert scene.secret("app") is None
    assert scene.ready("app") == "True"
    assert scene.count("delete secrets") == 1


def test_a_status_whose_reply_is_lost_is_right_and_then_left_alone():
    scene = Scene(wish("app"))
    scene.hinder("lost", "patch kmssecrets/status")
    scene.run(60.0)
    scene.check()
    told = scene.count("patch kmssecrets/status")
    assert told <= 2
    assert scene.events("Created") == 1
    scene.run(600.0)
    assert scene.count("patch kmssecrets/status") == told


@pytest.mark.parametrize("nth", [1, 2])
def test_a_finalizer_whose_reply_is_lost_holds_the_object_and_lets_it_go(nth):
    scene = Scene(wish("app", namespace=ELSEWHERE))
    if nth == 1:
        scene.hinder("lost", "patch kmssecrets blue/app")
        late = {"resource": "kmssecrets", "seconds": 30.0}
        scene.when("patch kmssecrets blue/app", lambda: scene.cluster.disturb("delay", **late))
    scene.run(60.0)
    assert len(objects(scene)[0]["metadata"]["finalizers"]) == 1
    assert scene.secret("app", namespace=ELSEWHERE)
    assert scene.count("patch kmssecrets blue/app") == 1
    if nth == 2:
        scene.hinder("lost", "patch kmssecrets blue/app")
    scene.delete("app")
    scene.run(60.0)
    assert objects(scene) == []
    assert scene.secret("app", namespace=ELSEWHERE) is None
    assert scene.count("delete secrets") == 1


# -- the watch tells of a write before its reply comes, or after


def test_a_watch_that_is_faster_than_the_reply_makes_no_second_write():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.when("patch secrets", scene.hold(5.0), taken=True)
    scene.change()
    scene.run(90.0)
    scene.check()
    assert scene.count("patch secrets") == 1
    assert scene.tries("get secrets", since=30.0) == 0, "its own write made it look again"


def test_a_watch_that_is_slower_than_the_reply_makes_no_second_write():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.cluster.disturb("delay", resource="secrets", seconds=20.0)
    scene.change()
    scene.run(90.0)
    scene.check()
    assert scene.count("patch secrets") == 1
    assert scene.tries("get secrets", since=30.0) == 0, "its own write made it look again"


# -- somebody else writes meanwhile


def test_an_edit_that_a_watch_shows_before_the_conflict_comes_is_put_right():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.when("patch secrets", lambda: (scene.edit_secret("app", B="by hand"), scene.world.sleep(2.0)))
    scene.change()
    scene.run(75.0)
    scene.check()
    refused, taken = (at for at, what in scene.sent if what.startswith("patch secrets"))
    assert scene.count("patch secrets") == 1
    assert taken - refused < 4.0


def test_an_edit_that_a_watch_shows_long_after_the_conflict_is_put_right():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.cluster.disturb("delay", resource="secrets", seconds=20.0, times=2)
    scene.when("patch secrets", lambda: scene.edit_secret("app", B="by hand"))
    scene.change()
    scene.run(65.0)
    scene.check()
    refused, taken = (at for at, what in scene.sent if what.startswith("patch secrets"))
    assert scene.count("patch secrets") == 1
    assert taken - refused < 2.0


def test_an_edit_between_a_write_and_its_reply_is_put_right_at_once():
    scene = Scene(wish("app"))
    scene.run(30.0)
    hold = scene.hold(5.0)
    scene.when("patch secrets", lambda: (scene.edit_secret("app", B="by hand"), hold()), taken=True)
    text = scene.change()
    scene.run(75.0)
    scene.check()
    assert scene.data("app")["A"] == text
    assert scene.count("patch secrets") == 2


def test_a_deletion_of_the_secret_between_its_patch_and_the_reply_is_made_good():
    scene = Scene(wish("app"))
    scene.run(30.0)
    hold = scene.hold(5.0)

    def delete():
        scene.stage.people(scene.cluster.delete, "secrets", "app-secret", namespace=NAMESPACE)
        hold()

    scene.when("patch secrets", delete, taken=True)
    scene.change()
    scene.run(75.0)
    scene.check()


# -- the object goes meanwhile


@pytest.mark.parametrize("taken", [False, True], ids=["before it takes effect", "before its reply"])
@pytest.mark.parametrize("namespace", [NAMESPACE, ELSEWHERE])
def test_an_object_deleted_while_its_secret_is_made_leaves_none(namespace, taken):
    scene = Scene(wish("app", namespace=namespace))
    hold = scene.hold(3.0)
    scene.when(f"create secrets {namespace}", lambda: (scene.delete("app"), hold()), taken=taken)
    scene.run(60.0)
    assert objects(scene) == []
    assert scene.secret("app", namespace=namespace) is None


def test_what_is_told_of_an_object_never_stands_in_its_successor():
    scene = Scene(wish("app", policy="Orphan"))
    hold, told = scene.hold(5.0), scene.sample(lambda: scene.ready("app"), 60)

    def recreate():
        scene.delete("app")
        scene.apply(wish("app", "/nowhere", policy="Orphan"))
        hold()

    scene.when("patch kmssecrets/status", recreate)
    scene.run(60.0)
    assert "True" not in told
    assert scene.ready("app") == "PathNotFound"


def test_a_namespace_that_goes_while_a_secret_is_made_in_it_comes_back_whole():
    scene = Scene(wish("app"))
    scene.when(CREATE, lambda: scene.stage.people(scene.cluster.delete, "namespaces", NAMESPACE))
    scene.run(120.0)
    assert scene.count("", since=60.0) == 0, "it goes on asking for what is not there"
    scene.stage.people(scene.cluster.create, "namespaces", {"metadata": {"name": NAMESPACE}})
    scene.stage.people(scene.cluster.create, "secrets", scene.stage.credentials(LOGIN))
    scene.apply(wish("app"))
    scene.run(30.0)
    scene.check()


# -- the install key


def test_an_install_key_deleted_while_running_and_before_a_restart_costs_no_target_its_keys():
    scene = Scene(wish("app"), wish("orphan", "/b", policy="Orphan"))
    scene.run(30.0)
    before = [scene.data("app"), scene.data("orphan")]
    scene.stage.people(scene.cluster.delete, "secrets", "kms-operator-hmac", namespace="operators")
    scene.run(120.0)
    scene.check()
    held = scene.sample(lambda: [scene.data("app"), scene.data("orphan")], 100)
    scene.restart()
    scene.run(100.0)
    scene.check()
    assert all(data == before for data in held)
    assert scene.cluster.get("secrets", "kms-operator-hmac", namespace="operators")
    written = len(scene.writes)
    scene.run(300.0)
    assert len(scene.writes) == written


def test_a_failure_told_by_a_status_whose_reply_is_lost_is_taken_back_when_all_is_well_again():
    scene = Scene(wish("app"))
    scene.run(60.0)
    refused = Fault(route="list", status=403)

    def mend():
        scene.kms.faults.discard(refused)
        scene.force("app")

    scene.hinder("lost", "patch kmssecrets/status")
    scene.when("patch kmssecrets/status", mend, taken=True)
    scene.fault(refused, 1000.0)
    scene.run(300.0)
    scene.check()
    assert scene.ready("app") == "True"


def test_writes_that_fail_again_and_again_are_no_fight():
    scene = Scene(wish("app", interval=600))
    scene.run(60.0)
    scene.hinder("reset", "patch secrets", times=5)
    scene.change()
    scene.force("app")
    scene.run(400.0)
    scene.check()
    assert scene.ready("app") == "True"
    assert scene.events("WriterConflict") == 0
    assert scene.events("DriftCorrected") == 0
