"""What crosses a list, or an event of a watch."""

from __future__ import annotations

from scenes import ELSEWHERE, NAMESPACE, Scene, wish

CREATE = f"create secrets {NAMESPACE}"


def forget(scene, resource):
    """Have the API server forget all versions, and say so to those who watch."""
    scene.cluster.compact()
    scene.cluster.disturb("expire", resource=resource)
    scene.stage.changed()


def remove(scene, name):
    scene.stage.people(scene.cluster.delete, "secrets", f"{name}-secret", namespace=NAMESPACE)


def test_a_list_that_expires_between_pages_misses_nothing_that_went_in_between():
    scene = Scene(wish("app"))
    for n in range(600):
        scene.cluster.create("secrets", {"metadata": {"name": f"s-{n:03}"}}, namespace=ELSEWHERE)
    scene.run(30.0)
    scene.when("list secrets", lambda: (remove(scene, "app"), scene.cluster.compact()), taken=True)
    forget(scene, "secrets")
    scene.run(3.0)
    scene.check()
    assert scene.tries("list secrets", since=30.0) == 3


def test_a_list_older_than_what_was_written_meanwhile_undoes_nothing():
    scene = Scene(wish("app"))
    scene.run(30.0)
    hold = scene.hold(5.0)
    scene.when("list secrets", lambda: (scene.apply(wish("new")), hold()), taken=True)
    forget(scene, "secrets")
    told = scene.sample(lambda: scene.ready("new"), 30)
    scene.run(30.0)
    scene.check()
    assert scene.tries(CREATE) == 2
    assert set(told[5:]) == {"True"}


def test_a_list_older_than_the_end_of_a_secret_does_not_bring_it_back():
    scene = Scene(wish("app"))
    scene.run(30.0)
    hold = scene.hold(5.0)
    scene.when("list secrets", lambda: (remove(scene, "app"), hold()), taken=True)
    forget(scene, "secrets")
    scene.run(10.0)
    scene.check()


def test_an_event_that_a_bookmark_follows_is_not_lost_when_the_watch_ends():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.cluster.disturb("reorder", resource="kmssecrets")
    scene.patch("app", {"metadata": {"labels": {"team": "a"}}})
    scene.run(1.0)
    scene.cluster.bookmark()
    scene.stage.changed()
    scene.run(1.0)
    scene.cluster.disturb("close", resource="kmssecrets")
    scene.stage.changed()
    scene.run(10.0)
    assert (scene.secret("app") or {})["metadata"]["labels"]["team"] == "a"


def test_events_out_of_order_leave_the_newest_wish():
    scene = Scene(wish("app"))
    scene.run(30.0)
    scene.cluster.disturb("reorder", resource="kmssecrets")
    for name in "a", "b":
        scene.patch("app", {"spec": {"managedSecretReference": {"secretName": f"{name}-secret"}}})
    scene.run(10.0)
    assert scene.secret("b")
    assert scene.count(CREATE, since=30.0) == 1, "it followed the older wish for a while"
