"""What becomes of workloads that ask to be restarted, over time (kmssecret §6)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from rolling import NAMESPACE, Rolling
from secretsync_k8s.testing.faults import Failure

OK = ("True", "OK")


@pytest.fixture
def play(manual_clock) -> Rolling:
    made = Rolling(manual_clock)
    made.obey()
    made.cluster.requests.clear()
    return made


@pytest.fixture
def at_rest(play) -> Rolling:
    """Two Deployments that know the version of a Secret, and nothing to do."""
    play.keep("app", "v1")
    play.deploy("web", "app")
    play.deploy("api", "app")
    play.settle()
    play.patched.clear()
    play.cluster.requests.clear()
    return play


def test_who_asks_to_be_restarted_is_not_restarted_for_that(play):
    play.keep("app", "v1")
    play.deploy("web", "app", reload="")
    play.settle()
    assert play.told("web") == ("", "")
    play.annotate("web", {"auto-reload": "true"})
    play.settle()
    assert play.told("web") == ("v1", "")
    assert play.events() == []


@pytest.mark.row("kmssecret-53")
def test_what_the_operator_before_us_restarted_is_not_patched(play):
    play.keep("app", "v1")
    play.deploy("web", "app", told={"app": "v1"})
    play.settle()
    assert play.patched == []
    assert play.status_writes == 0


@pytest.mark.row("kmssecret-54")
def test_a_change_restarts_each_once_and_is_told(at_rest):
    at_rest.keep("app", "v2")
    at_rest.settle()
    assert at_rest.told("web") == at_rest.told("api") == ("v2", "v2")
    assert Counter(name for _, name in at_rest.patched) == {"web": 1, "api": 1}
    assert at_rest.condition() == (*OK, "number of workloads restarted: 2")
    assert sorted(at_rest.events()) == [
        ("Normal", "RolloutTriggered", "Deployment shop/api is restarted for Secret app"),
        ("Normal", "RolloutTriggered", "Deployment shop/web is restarted for Secret app"),
    ]
    assert at_rest.status_writes == 1, "when both are settled"


def test_the_next_change_is_no_news_of_the_condition(at_rest):
    for version in ("v2", "v3"):
        at_rest.keep("app", version)
        at_rest.settle()
    assert at_rest.told("web") == ("v3", "v3")
    assert at_rest.status_writes == 1


def test_an_operator_that_begins_anew_reads_and_writes_nothing_but_looks(at_rest):
    at_rest.keep("app", "v2")
    at_rest.settle()
    at_rest.cluster.requests.clear()
    at_rest.start()
    at_rest.obey_again()
    at_rest.settle()
    assert {one.verb for one in at_rest.cluster.requests} == {"get", "list"}
    assert Counter(one.name for one in at_rest.cluster.requests if one.verb == "get") == {"web": 1, "api": 1, "app": 1}


def test_what_changed_while_no_operator_ran_is_made_up_for(at_rest):
    at_rest.start()
    at_rest.obey_again()
    at_rest.keep("app", "v2")
    at_rest.settle()
    assert at_rest.told("web") == ("v2", "v2")
    assert at_rest.condition() == (*OK, "number of workloads restarted: 2")


def test_a_secret_that_comes_later_restarts_nobody(play):
    play.deploy("web", "app")
    play.settle()
    play.keep("app", "v1")
    play.settle()
    assert play.told("web") == ("v1", "")


def test_a_secret_that_comes_back_as_it_was_restarts_nobody(at_rest):
    at_rest.cluster.delete("secrets", "app", namespace=NAMESPACE)
    at_rest.settle()
    at_rest.keep("app", "v1")
    at_rest.settle()
    assert at_rest.patched == []


def test_an_edit_of_the_secret_that_leaves_its_version_restarts_nobody(at_rest):
    at_rest.cluster.patch("secrets", "app", {"metadata": {"labels": {"team": "shop"}}}, namespace=NAMESPACE)
    at_rest.settle()
    assert at_rest.patched == []


def test_how_far_pods_have_come_is_not_looked_at(at_rest):
    body = {"status": {"readyReplicas": 1}}
    at_rest.cluster.patch("deployments", "web", body, namespace=NAMESPACE, subresource="status")
    at_rest.patch("web", {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "2"}}})
    at_rest.settle()
    assert not [one for one in at_rest.cluster.requests if one.resource == "deployments" and one.verb == "get"]


def test_a_config_map_is_followed_as_a_secret_is(play):
    used = [{"name": "v", "configMap": {"name": "flags"}}]
    play.keep_config_maps()
    play.keep("flags", "v1", resource="configmaps")
    play.deploy("web", "nothing")
    play.patch("web", {"spec": {"template": {"spec": {"volumes": used}}}})
    play.settle()
    play.keep("flags", "v2", resource="configmaps")
    play.settle()
    assert play.told("web", "managed-configmap.flags") == ("v2", "v2")
    assert play.events() == [("Normal", "RolloutTriggered", "Deployment shop/web is restarted for ConfigMap flags")]


def test_where_nobody_keeps_config_maps_none_is_read(play):
    play.keep("app", "v1")
    play.deploy("web", "app")
    used = [{"name": "v", "configMap": {"name": "flags"}}]
    play.patch("web", {"spec": {"template": {"spec": {"volumes": used}}}})
    play.settle()
    assert not [one for one in play.cluster.requests if one.resource == "configmaps" and one.verb == "get"]


def test_five_a_second_in_each_namespace_and_no_more(play):
    play.keep("app", "v1")
    for number in range(12):
        play.deploy(f"web-{number}", "app")
    play.settle()
    play.patched.clear()
    play.keep("app", "v2")
    play.settle()
    times = [at for at, _ in play.patched]
    assert Counter(name for _, name in play.patched) == {f"web-{number}": 1 for number in range(12)}
    assert all(later - sooner >= 0.2 - 1e-6 for sooner, later in pairwise(times))
    assert times[-1] - times[0] == pytest.approx(11 * 0.2)
    assert play.condition() == (*OK, "number of workloads restarted: 12")
    assert play.status_writes == 1


@pytest.mark.row("kmssecret-56")
def test_a_paused_workload_is_restarted_when_it_goes_on(at_rest):
    at_rest.patch("web", {"spec": {"paused": True}})
    at_rest.keep("app", "v2")
    at_rest.settle()
    assert at_rest.told("web") == ("v1", "")
    assert at_rest.condition() == (*OK, "number of workloads restarted: 1; skipped: 1")
    note = "Deployment shop/web is paused: its pods go on with what they had of Secret app"
    assert ("Warning", "RolloutSkipped", note) in at_rest.events()
    at_rest.patch("web", {"spec": {"paused": None}})
    at_rest.settle()
    assert at_rest.told("web") == ("v2", "v2")
    assert at_rest.condition() == (*OK, "number of workloads restarted: 2")


def test_a_workload_whose_pods_start_by_hand_is_left_alone(play):
    play.keep("app", "v1")
    play.deploy("db", "app", kind="StatefulSet", updateStrategy={"type": "OnDelete"})
    play.settle()
    play.keep("app", "v2")
    play.settle()
    assert play.told("db", kind="StatefulSet") == ("v1", "")
    assert [reason for _, reason, _ in play.events()] == ["RolloutSkipped"]


@pytest.mark.row("kmssecret-56")
def test_what_is_refused_is_told_and_tried_again(at_rest):
    at_rest.cluster.fail(status=403, verb="patch", resource="deployments", times=4)
    at_rest.keep("app", "v2")
    at_rest.settle(within=2.0)
    status, reason, message = at_rest.condition()
    assert (status, reason) == ("False", "Error")
    assert "Deployment shop/web: we may not patch it; let our service account patch deployments" in message
    assert "Deployment shop/api: we may not patch it" in message
    assert {kind for kind, reason, _ in at_rest.events() if reason == "RolloutFailed"} == {"Warning"}
    at_rest.settle(within=600.0)
    assert at_rest.told("web") == at_rest.told("api") == ("v2", "v2")
    assert at_rest.condition() == (*OK, "number of workloads restarted: 2")
    assert Counter(reason for _, reason, _ in at_rest.events()) == {"RolloutFailed": 2, "RolloutTriggered": 2}


@pytest.mark.parametrize("failure", ["reset", "lost", 409, 500])
def test_a_request_that_fails_is_no_lost_restart(at_rest, failure: int | Failure):
    at_rest.cluster.fail(status=failure, verb="patch", resource="deployments")
    at_rest.keep("app", "v2")
    at_rest.settle(within=600.0)
    assert at_rest.told("web") == at_rest.told("api") == ("v2", "v2")
    assert at_rest.condition() == (*OK, "number of workloads restarted: 2")


def test_a_condition_that_cannot_be_written_is_written_later(at_rest):
    at_rest.cluster.fail(status=500, verb="patch", resource="kmssecrets", times=3)
    at_rest.keep("app", "v2")
    at_rest.settle(within=600.0)
    assert at_rest.condition() == (*OK, "number of workloads restarted: 2")
    assert Counter(reason for _, reason, _ in at_rest.events()) == {"RolloutTriggered": 2}


def test_whoever_asks_no_more_is_forgotten(at_rest):
    at_rest.keep("app", "v2")
    at_rest.settle()
    at_rest.annotate("web", {"auto-reload": None})
    at_rest.settle()
    assert at_rest.condition() == (*OK, "number of workloads restarted: 1")
    at_rest.cluster.delete("deployments", "api", namespace=NAMESPACE)
    at_rest.settle()
    assert at_rest.condition() == (*OK, "number of workloads restarted: 0")
    at_rest.keep("app", "v3")
    at_rest.settle()
    assert at_rest.told("web") == ("v2", "v2")


def test_one_that_goes_takes_its_failure_along(at_rest):
    at_rest.cluster.delete("deployments", "api", namespace=NAMESPACE)
    at_rest.cluster.fail(status=403, verb="patch", resource="deployments", times=1)
    at_rest.keep("app", "v2")
    at_rest.settle(within=0.5)
    assert at_rest.condition()[0] == "False"
    at_rest.cluster.delete("deployments", "web", namespace=NAMESPACE)
    at_rest.settle(within=2.0)
    assert at_rest.condition() == (*OK, "number of workloads restarted: 0")


def test_one_that_is_made_anew_is_another(at_rest):
    at_rest.cluster.delete("deployments", "web", namespace=NAMESPACE)
    at_rest.deploy("web", "app")
    at_rest.keep("app", "v2")
    at_rest.settle()
    assert at_rest.told("web") == ("v2", ""), "its pods are as new as the Secret"


def test_one_that_is_made_anew_with_other_pods_is_looked_at(at_rest):
    at_rest.keep("db", "v1")
    at_rest.cluster.delete("deployments", "web", namespace=NAMESPACE)
    at_rest.settle()
    at_rest.deploy("web", "db")
    at_rest.settle()
    assert at_rest.told("web", "managed-secret.db") == ("v1", "")
    assert at_rest.told("web") == ("", "")


def test_a_version_that_comes_back_stands_in_line_again(at_rest):
    for version in ("v2", "v1", "v2"):
        at_rest.patched.clear()
        at_rest.keep("app", version)
        at_rest.settle()
        (_, first), (_, second) = sooner, later = at_rest.patched
        assert {first, second} == {"web", "api"}
        assert later[0] - sooner[0] >= 0.2 - 1e-6


def test_a_workload_of_two_objects_tells_both(play):
    play.obey("db")
    play.keep("app", "v1")
    play.keep("db", "v1", owner="db")
    play.deploy("web", "app")
    more = {"envFrom": [{"secretRef": {"name": "app"}}, {"secretRef": {"name": "db"}}], "name": "web", "image": "web"}
    play.patch("web", {"spec": {"template": {"spec": {"containers": [more]}}}})
    play.settle()
    play.patched.clear()
    play.keep("db", "v2", owner="db")
    play.settle()
    assert [name for _, name in play.patched] == ["web"]
    assert play.events("app") == []
    assert [reason for _, reason, _ in play.events("db")] == ["RolloutTriggered"]
    assert play.condition("db") == (*OK, "number of workloads restarted: 1")
