"""What a KMSSecret owns in another namespace, and how both go (kmssecret §5)."""

from __future__ import annotations

import pytest

from canaries import canary
from secretsync.devserver.faults import Fault
from secretsync_k8s.testing import ApiError
from stand import NAMESPACE, PROJECT, eventually, kmssecret

ELSEWHERE = "other"
FINALIZER = "kmssecret.secrets.lux.network/cleanup"


def owning(name, host, *, target_namespace=ELSEWHERE, policy="Owner"):
    manifest = kmssecret(name, host, policy=policy)
    manifest["spec"]["managedSecretReference"]["secretNamespace"] = target_namespace
    return manifest


def finalizers(stand, name="app"):
    return stand.object(name)["metadata"].get("finalizers", [])


def is_gone(stand, name="app"):
    try:
        stand.object(name)
    except ApiError:
        return True
    return False


def delete(stand, name="app"):
    stand.cluster.delete("kmssecrets", name, namespace=NAMESPACE)


@pytest.fixture
def kms(stand):
    """A KMS, and an object that owns a Secret in another namespace, in step."""
    stand.cluster.create("namespaces", {"metadata": {"name": ELSEWHERE}})
    kms = stand.kms({"/app": {"A": canary("a")}})
    stand.operator()
    stand.apply(owning("app", kms.url))
    stand.until_ready("app")
    return kms


@pytest.mark.row("kmssecret-4")
def test_what_is_owned_in_another_namespace_goes_before_its_object(stand, kms):
    assert finalizers(stand) == [FINALIZER]
    made = stand.secret("app", namespace=ELSEWHERE)
    assert "ownerReferences" not in made["metadata"]
    order = [(one.verb, one.resource, one.namespace) for one in stand.writes()]
    held, created = order.index(("patch", "kmssecrets", NAMESPACE)), ("create", "secrets", ELSEWHERE)
    assert created in order[held:]
    assert created not in order[:held]

    stand.forget()
    delete(stand)
    stand.until("kmssecrets", lambda: is_gone(stand))
    assert stand.data("app", namespace=ELSEWHERE) is None
    ours = [(one.verb, one.resource) for one in stand.writes()]
    assert ours == [("delete", "kmssecrets"), ("delete", "secrets"), ("patch", "kmssecrets")]
    assert stand.events("app", "Deleted")


@pytest.mark.row("kmssecret-4")
def test_a_dead_backend_holds_back_no_deletion(stand, kms):
    kms.stop()
    delete(stand)
    stand.until("kmssecrets", lambda: is_gone(stand))
    assert stand.data("app", namespace=ELSEWHERE) is None


@pytest.mark.row("kmssecret-5")
def test_a_target_that_somebody_made_anew_stays(stand, kms):
    stand.operators[0].stop()
    stand.cluster.delete("secrets", "app", namespace=ELSEWHERE)
    theirs = {"metadata": {"name": "app"}, "stringData": {"THEIRS": canary("theirs")}}
    stand.cluster.create("secrets", theirs, namespace=ELSEWHERE)
    before = stand.secret("app", namespace=ELSEWHERE)
    delete(stand)
    assert not is_gone(stand)
    stand.operator()
    stand.until("kmssecrets", lambda: is_gone(stand))
    assert stand.secret("app", namespace=ELSEWHERE) == before


@pytest.mark.row("kmssecret-6")
def test_finalizers_of_others_are_left_alone(stand, kms):
    theirs = ["example.org/first", FINALIZER, "example.org/last"]
    stand.cluster.patch("kmssecrets", "app", {"metadata": {"finalizers": theirs}}, namespace=NAMESPACE)
    delete(stand)
    stand.until("kmssecrets", lambda: FINALIZER not in finalizers(stand))
    assert finalizers(stand) == ["example.org/first", "example.org/last"]
    assert stand.data("app", namespace=ELSEWHERE) is None
    stand.forget()
    stand.cluster.patch("kmssecrets", "app", {"metadata": {"labels": {"still": "there"}}}, namespace=NAMESPACE)
    stand.cluster.patch("kmssecrets", "app", {"metadata": {"finalizers": None}}, namespace=NAMESPACE)
    stand.until("kmssecrets", lambda: is_gone(stand))
    assert len(stand.writes()) == 2, "an object on its way out that does not wait for us is left alone"


def test_a_finalizer_that_others_take_away_comes_back(stand, kms):
    stand.cluster.patch("kmssecrets", "app", {"metadata": {"finalizers": None}}, namespace=NAMESPACE)
    stand.until("kmssecrets", lambda: finalizers(stand) == [FINALIZER])


def test_an_object_that_owns_nothing_elsewhere_any_more_waits_for_nobody(stand, kms):
    policy = {"spec": {"managedSecretReference": {"creationPolicy": "Orphan"}}}
    stand.cluster.patch("kmssecrets", "app", policy, namespace=NAMESPACE)
    stand.until("kmssecrets", lambda: finalizers(stand) == [])
    delete(stand)
    assert is_gone(stand)
    assert stand.data("app", namespace=ELSEWHERE)


def test_without_the_finalizer_nothing_is_made(stand):
    stand.cluster.create("namespaces", {"metadata": {"name": ELSEWHERE}})
    kms = stand.kms({"/app": {"A": canary("a")}})
    stand.operator()
    stand.cluster.fail(status=409, verb="patch", resource="kmssecrets", times=6)
    stand.apply(owning("app", kms.url))
    stand.until_ready("app")
    assert finalizers(stand) == [FINALIZER], "it was tried again"
    patched = [n for n, one in enumerate(stand.writes()) if one.verb == "patch" and one.resource == "kmssecrets"]
    created = [n for n, one in enumerate(stand.writes()) if one.verb == "create" and one.namespace == ELSEWHERE]
    assert patched[6] < created[0]


def test_an_operator_that_ended_before_it_told_leaves_nothing_behind(stand, kms):
    """The Secret was made, the status that would name it was never written."""
    stand.operators[0].stop()
    stand.cluster.patch("kmssecrets", "app", {"status": {"targets": None}}, namespace=NAMESPACE, subresource="status")
    delete(stand)
    stand.operator()
    stand.until("kmssecrets", lambda: is_gone(stand))
    assert stand.data("app", namespace=ELSEWHERE) is None


@pytest.mark.row("kmssecret-65")
def test_what_comes_after_the_end_is_discarded(stand, kms):
    """The object goes while the KMS is being asked for what will never be made."""
    (operator,) = stand.operators
    kms.model.put(PROJECT.slug, "prod", "/late", {"A": canary("late")})
    asked = len(kms.asked("list"))
    kms.faults.add(Fault(route="list", delay=1.0))
    late = owning("late", kms.url)
    late["spec"]["authentication"]["universalAuth"]["secretsScope"]["secretsPath"] = "/late"
    stand.apply(late)
    eventually(lambda: any(one.query.get("secretPath") == "/late" for one in kms.asked("list")[asked:]))
    delete(stand, "late")
    assert is_gone(stand, "late")
    eventually(lambda: any(one.status == 200 and one.query["secretPath"] == "/late" for one in kms.asked("list")))
    before = stand.data("app", namespace=ELSEWHERE)
    stand.cluster.patch("secrets", "app", {"data": {"A": "bWluZQ=="}}, namespace=ELSEWHERE)
    stand.until("secrets", lambda: stand.data("app", namespace=ELSEWHERE) == before)
    assert stand.data("late", namespace=ELSEWHERE) is None
    assert 'name="late"' not in operator.page("/metrics")[1]
