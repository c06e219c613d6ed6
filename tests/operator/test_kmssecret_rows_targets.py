"""The Secret that a KMSSecret keeps: whose it is, what is on it, and what cannot be written (kmssecret §4.2, §5)."""

from __future__ import annotations

import pytest

from canaries import canary
from stand import NAMESPACE, PROJECT, kmssecret

PREFIX = "secrets.lux.network"


@pytest.fixture
def kms(stand):
    stand.operator()
    return stand.kms({"/app": {"A": canary("a"), "B": canary("b")}})


def put(kms, **values):
    kms.model.put(PROJECT.slug, "prod", "/app", values)


def edit(stand, name="app", **spec):
    stand.cluster.patch("kmssecrets", name, {"spec": spec}, namespace=NAMESPACE)


def deletes(stand):
    return [one.name for one in stand.writes("secrets") if one.verb == "delete"]


def written_keys(stand, name="app"):
    return set(stand.data(name) or ())


# -- whose it is


@pytest.mark.row("kmssecret-38")
def test_a_secret_that_nobody_owns_is_adopted(stand, kms):
    labels, annotations = {"team": "shop"}, {"why": "by hand"}
    metadata = {"name": "app", "labels": labels, "annotations": annotations}
    stand.cluster.create("secrets", {"metadata": metadata, "stringData": {"OLD": canary("old")}}, namespace=NAMESPACE)
    uid = stand.secret("app")["metadata"]["uid"]
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    made = stand.secret("app")["metadata"]
    assert made["uid"] == uid
    assert made["labels"] == labels | {f"{PREFIX}/managed": "true"}
    assert made["annotations"]["why"] == "by hand"
    stand.until("secrets", lambda: written_keys(stand) == {"A", "B"})  # the foreign key goes at the second look
    assert stand.until_event("app", "Adopted")["type"] == "Normal"


@pytest.mark.row("kmssecret-39")
def test_a_secret_of_another_controller_is_left_alone(stand, kms):
    web = stand.cluster.create("configmaps", {"metadata": {"name": "web"}}, namespace=NAMESPACE)["metadata"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "web", "uid": web["uid"], "controller": True}
    metadata = {"name": "app", "ownerReferences": [owner]}
    stand.cluster.create("secrets", {"metadata": metadata, "stringData": {"A": canary("web")}}, namespace=NAMESPACE)
    before = stand.secret("app")
    stand.apply(kmssecret("app", kms.url))
    message = stand.until_reason("app", "TargetConflict")["message"]
    assert message == "Secret shop/app is controlled by ConfigMap web; name another target"
    assert stand.secret("app") == before


@pytest.mark.row("kmssecret-40")
def test_of_two_objects_with_one_target_the_first_keeps_it(stand, kms):
    stand.apply(kmssecret("first", kms.url, target="app"))
    stand.until_ready("first")
    stand.apply(kmssecret("second", kms.url, target="app"))
    message = stand.until_reason("second", "TargetConflict")["message"]
    assert message.startswith("Secret shop/app belongs to shop/first; name another target")
    stand.forget()
    put(kms, C=canary("c"))
    stand.until("secrets", lambda: "C" in written_keys(stand))
    assert stand.secret("app")["metadata"]["annotations"][f"{PREFIX}/owner"] == "shop/first"
    assert len(stand.writes("secrets")) == 1, "they do not write in turn"
    assert stand.condition("second")["reason"] == "TargetConflict"


@pytest.mark.row("kmssecret-41")
def test_a_change_of_policy_moves_the_reference_and_never_the_secret(stand, kms):
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    uid = stand.secret("app")["metadata"]["uid"]
    edit(stand, managedSecretReference={"creationPolicy": "Owner"})
    stand.until("secrets", lambda: stand.secret("app")["metadata"].get("ownerReferences"))
    (reference,) = stand.secret("app")["metadata"]["ownerReferences"]
    assert (reference["uid"], reference["controller"]) == (stand.object("app")["metadata"]["uid"], True)

    edit(stand, managedSecretReference={"creationPolicy": "Orphan"})
    stand.until("secrets", lambda: not stand.secret("app")["metadata"].get("ownerReferences"))
    assert stand.secret("app")["metadata"]["annotations"][f"{PREFIX}/owner"] == "shop/app"
    stand.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
    assert stand.secret("app")["metadata"]["uid"] == uid
    assert deletes(stand) == []


@pytest.mark.row("kmssecret-42")
@pytest.mark.parametrize(("policy", "left"), [("Owner", None), ("Orphan", {"A", "B"})])
def test_after_a_change_of_name_the_old_secret_goes_if_it_is_owned(stand, kms, policy, left):
    stand.apply(kmssecret("app", kms.url, policy=policy, target="before"))
    stand.until_ready("app")
    held = stand.secret("before")
    edit(stand, managedSecretReference={"secretName": "after"})
    stand.until("secrets", lambda: written_keys(stand, "after") == {"A", "B"})
    stand.until("kmssecrets", lambda: [one["name"] for one in stand.object("app")["status"]["targets"]] == ["after"])
    assert (set(stand.data("before") or ()) or None) == left
    assert left is None or stand.secret("before")["data"] == held["data"]
    assert deletes(stand) == ([] if left else ["before"])


@pytest.mark.row("kmssecret-42")
def test_an_entry_that_is_dropped_from_the_list_goes_if_it_is_owned(stand, kms):
    manifest = kmssecret("app", kms.url)
    del manifest["spec"]["managedSecretReference"]
    entries = [
        {"secretName": name, "secretNamespace": NAMESPACE, "creationPolicy": policy}
        for name, policy in (("stays", "Owner"), ("owned", "Owner"), ("orphan", "Orphan"))
    ]
    manifest["spec"]["managedKubeSecretReferences"] = entries
    stand.apply(manifest)
    stand.until_ready("app")
    edit(stand, managedKubeSecretReferences=entries[:1])
    stand.until("kmssecrets", lambda: [one["name"] for one in stand.object("app")["status"]["targets"]] == ["stays"])
    assert written_keys(stand, "stays") == written_keys(stand, "orphan") == {"A", "B"}
    assert deletes(stand) == ["owned"]


# -- what is on it


@pytest.mark.row("kmssecret-36")
def test_a_key_that_others_added_is_removed(stand, kms):
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    stand.cluster.patch("secrets", "app", {"stringData": {"THEIRS": canary("theirs")}}, namespace=NAMESPACE)
    stand.until("secrets", lambda: written_keys(stand) == {"A", "B"})


@pytest.mark.row("kmssecret-36", "kmssecret-37")
def test_in_merge_mode_the_keys_of_others_stay_and_ours_go_with_the_kms(stand, kms):
    theirs = {"metadata": {"name": "app"}, "stringData": {"THEIRS": canary("theirs")}}
    stand.cluster.create("secrets", theirs, namespace=NAMESPACE)
    obj = kmssecret("app", kms.url, policy="Owner")
    obj["metadata"]["annotations"] = {f"{PREFIX}/merge": "true"}
    stand.apply(obj)
    stand.until_ready("app")
    assert written_keys(stand) == {"A", "B", "THEIRS"}
    assert "ownerReferences" not in stand.secret("app")["metadata"], "what others write too is not deleted"
    kms.model.put(PROJECT.slug, "prod", "/app", {"C": canary()})
    stand.until("secrets", lambda: written_keys(stand) == {"A", "B", "C", "THEIRS"})
    kms.model.delete(PROJECT.slug, "prod", "/app", ["B"])
    stand.until("secrets", lambda: written_keys(stand) == {"A", "C", "THEIRS"})
    stand.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
    stand.until("kmssecrets", lambda: not stand.cluster.list("kmssecrets", namespace=NAMESPACE)["items"])
    assert written_keys(stand) == {"A", "C", "THEIRS"}


@pytest.mark.row("kmssecret-36")
def test_when_merge_mode_ends_all_keys_are_the_objects(stand, kms):
    obj = kmssecret("app", kms.url)
    obj["metadata"]["annotations"] = {f"{PREFIX}/merge": "true"}
    stand.apply(obj)
    stand.until_ready("app")
    stand.cluster.patch("secrets", "app", {"stringData": {"THEIRS": canary("theirs")}}, namespace=NAMESPACE)
    stand.cluster.patch(
        "kmssecrets", "app", {"metadata": {"annotations": {f"{PREFIX}/merge": None}}}, namespace=NAMESPACE
    )
    stand.until("secrets", lambda: written_keys(stand) == {"A", "B"})
    assert f"{PREFIX}/managed-keys" not in stand.secret("app")["metadata"]["annotations"]


@pytest.mark.row("kmssecret-51")
def test_labels_and_annotations_follow_the_object_both_ways(stand, kms):
    stand.apply(kmssecret("app", kms.url, labels={"team": "shop"}))
    stand.until_ready("app")
    theirs = {"metadata": {"labels": {"theirs": "x"}, "annotations": {"theirs": "x"}}}
    stand.cluster.patch("secrets", "app", theirs, namespace=NAMESPACE)
    system = {"kubectl.kubernetes.io/x": "1", "helm.sh/x": "1", f"{PREFIX}/force-sync": "1"}
    added = {"labels": {"app.kubernetes.io/instance": "shop"}, "annotations": {"note": "one", **system}}
    stand.cluster.patch("kmssecrets", "app", {"metadata": added}, namespace=NAMESPACE)

    def metadata():
        return stand.secret("app")["metadata"]

    stand.until("secrets", lambda: metadata()["annotations"].get("note") == "one")
    assert metadata()["labels"] == {
        "team": "shop",
        "theirs": "x",
        "app.kubernetes.io/instance": "shop",
        f"{PREFIX}/managed": "true",
    }
    assert not system.keys() & metadata()["annotations"].keys()

    removed = {"labels": {"team": None, "app.kubernetes.io/instance": None}, "annotations": {"note": None}}
    stand.cluster.patch("kmssecrets", "app", {"metadata": removed}, namespace=NAMESPACE)
    stand.until("secrets", lambda: "note" not in metadata()["annotations"])
    assert metadata()["labels"] == {"theirs": "x", f"{PREFIX}/managed": "true"}
    assert metadata()["annotations"]["theirs"] == "x"


# -- what cannot be


@pytest.mark.row("kmssecret-43")
def test_a_type_that_cannot_be_changed_is_told_and_the_data_is_kept_in_step(stand, kms):
    put(kms, username=canary("user"), password=canary("pass"))
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    edit(stand, managedSecretReference={"secretType": "kubernetes.io/basic-auth"})
    message = stand.until_reason("app", "SecretTypeImmutable")["message"]
    assert 'has type "Opaque", which cannot become "kubernetes.io/basic-auth"' in message
    assert stand.condition("app", "ReadyToSyncSecrets")["status"] == "True"
    put(kms, C=canary("c"))
    stand.until("secrets", lambda: "C" in written_keys(stand))
    assert stand.secret("app")["type"] == "Opaque"
    assert stand.condition("app")["reason"] == "SecretTypeImmutable"
    assert deletes(stand) == []


@pytest.mark.row("kmssecret-43")
def test_an_object_may_ask_for_a_secret_made_anew_with_another_type(stand, kms):
    put(kms, username=canary("user"), password=canary("pass"))
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    uid, keys = stand.secret("app")["metadata"]["uid"], written_keys(stand)
    wanted = {"metadata": {"annotations": {f"{PREFIX}/recreate-on-type-change": "true"}}}
    stand.cluster.patch("kmssecrets", "app", wanted, namespace=NAMESPACE)
    edit(stand, managedSecretReference={"secretType": "kubernetes.io/basic-auth"})
    stand.until_event("app", "Deleted")
    stand.until("secrets", lambda: (stand.secret_if_there("app") or {}).get("type") == "kubernetes.io/basic-auth")
    stand.until_ready("app")
    assert stand.secret("app")["metadata"]["uid"] != uid
    assert written_keys(stand) == keys


@pytest.mark.row("kmssecret-44")
def test_what_the_type_needs_must_be_there(stand, kms):
    manifest = kmssecret("app", kms.url)
    manifest["spec"]["managedSecretReference"]["secretType"] = "kubernetes.io/tls"
    stand.apply(manifest)
    message = stand.until_reason("app", "TargetInvalid")["message"]
    assert message.startswith("Secret shop/app: the API server does not accept it: ")
    assert "data[tls.crt]" in message
    assert stand.data("app") is None
    put(kms, **{"tls.crt": canary("crt"), "tls.key": canary("key")})
    stand.until_ready("app")
    assert stand.secret("app")["type"] == "kubernetes.io/tls"


@pytest.mark.row("kmssecret-45")
def test_an_immutable_secret_is_told(stand, kms):
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    stand.cluster.patch("secrets", "app", {"immutable": True}, namespace=NAMESPACE)
    before = stand.data("app")
    put(kms, C=canary("c"))
    message = stand.until_reason("app", "TargetImmutable")["message"]
    assert message == "Secret shop/app is immutable; delete it to have it made anew"
    assert stand.data("app") == before
    stand.cluster.delete("secrets", "app", namespace=NAMESPACE)
    stand.until_ready("app")
    assert written_keys(stand) == {"A", "B", "C"}


UNFIT = {
    "InvalidKey": ({"has space": canary("spaced")}, 'a Secret can have no key "has space"'),
    "TargetTooLarge": ({"BIG": canary("big") * 40_000}, "a Secret takes less than 1048576: split the folder"),
}


@pytest.mark.row("kmssecret-46")
@pytest.mark.parametrize("reason", UNFIT)
def test_what_no_secret_can_hold_is_told_and_nothing_is_written(stand, kms, reason):
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    before = stand.secret("app")
    values, words = UNFIT[reason]
    put(kms, C=canary("c"), **values)
    assert words in stand.until_reason("app", reason)["message"]
    assert stand.secret("app") == before


@pytest.mark.memory
@pytest.mark.row("kmssecret-47")
def test_a_write_that_others_overtook_is_tried_again_at_once(stand, kms):
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    stand.forget()
    stand.cluster.fail(status=409, verb="patch", resource="secrets", times=2)
    put(kms, C=canary("c"))
    stand.until("secrets", lambda: "C" in written_keys(stand))
    assert len(stand.writes("secrets")) == 3
    assert stand.condition("app")["status"] == "True"
    assert stand.events("app", "TargetMoved") == []


@pytest.mark.row("kmssecret-27")
def test_an_object_may_ask_for_an_empty_secret(stand, kms):
    put(kms, C=canary("c"))
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    kms.model.delete(PROJECT.slug, "prod", "/app", ["A", "B", "C"])
    stand.until_reason("app", "PathNotFound")
    assert written_keys(stand) == {"A", "B", "C"}
    allowed = {"metadata": {"annotations": {f"{PREFIX}/allow-empty": "true"}}}
    stand.cluster.patch("kmssecrets", "app", allowed, namespace=NAMESPACE)
    stand.until_ready("app")
    stand.until("secrets", lambda: stand.data("app") == {})  # all at once is more than half: at the second look
    stand.until("kmssecrets", lambda: "0 keys" in stand.condition("app")["message"])
    assert stand.condition("app")["message"] == "0 keys in 1 Secret"


@pytest.mark.row("kmssecret-64")
@pytest.mark.parametrize("type_", ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"])
def test_secrets_of_the_cluster_itself_are_neither_written_nor_read(stand, kms, type_):
    """A Secret of such a type would be a way from "may make KMSSecrets" to "is the cluster's administrator"."""
    stand.cluster.create("serviceaccounts", {"metadata": {"name": "robot"}}, namespace=NAMESPACE)
    annotations = {"kubernetes.io/service-account.name": "robot"}  # of no account, it would be deleted by the cluster
    own = {"metadata": {"name": "own", "annotations": annotations}, "type": type_, "stringData": {"token": canary()}}
    stand.cluster.create("secrets", own, namespace=NAMESPACE)
    asked, written, made = (kmssecret(name, kms.url) for name in ("asked", "own", "made"))
    asked["spec"]["authentication"]["universalAuth"]["credentialsRef"]["secretName"] = "own"
    made["spec"]["managedSecretReference"]["secretType"] = type_
    stand.apply(asked, written, made)
    assert f"Secret shop/own is of type {type_}" in stand.until_reason("asked", "CredentialsNotFound")["message"]
    assert "belongs to the cluster itself" in stand.until_reason("own", "TargetConflict")["message"]
    message = stand.until_reason("made", "InvalidSpec")["message"]
    assert (
        message
        == f'spec.managedSecretReference.secretType "{type_}" is the cluster\'s own and never written; choose another'
    )
    assert [one.verb for one in stand.writes("secrets") if one.name == "own"] == []
    assert stand.data("made") is None


@pytest.mark.row("kmssecret-37")
def test_one_key_goes_at_once_and_most_of_them_when_that_is_seen_again(stand, kms):
    put(kms, C=canary("c"), D=canary("d"))
    stand.apply(kmssecret("app", kms.url))
    stand.until("secrets", lambda: written_keys(stand) == {"A", "B", "C", "D"})
    kms.model.delete(PROJECT.slug, "prod", "/app", ["D"])
    stand.until("secrets", lambda: written_keys(stand) == {"A", "B", "C"})
    assert stand.events("app", "ManyKeysRemoved") == []
    kms.model.delete(PROJECT.slug, "prod", "/app", ["A", "B"])
    stand.until_event("app", "ManyKeysRemoved")
    stand.until("secrets", lambda: written_keys(stand) == {"C"})
    assert stand.condition("app")["status"] == "True"
