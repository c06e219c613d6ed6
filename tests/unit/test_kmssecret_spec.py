"""What a manifest becomes, with all that is wrong in it (kmssecret §2.1)."""

from __future__ import annotations

import copy

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from secretsync.errors import InvalidSpec
from secretsync.policies import KMS_ORPHAN, KMS_OWNER, Adopt
from secretsync_k8s.cluster.trust import BundleRef
from secretsync_k8s.kinds.kmssecret.spec import ALLOW_EMPTY, FINALIZER, RECREATE, decode
from stand import kmssecret


def manifest(**spec):
    made = kmssecret("app", "http://kms.test")
    made["metadata"] |= {"uid": "uid-1", "generation": 1}
    made["spec"] |= spec
    return made


def problems(obj):
    with pytest.raises(InvalidSpec) as caught:
        decode(obj)
    return caught.value.problems


def target(**more):
    return {"managedSecretReference": {"secretName": "app", "secretNamespace": "shop", **more}}


@pytest.mark.row("kmssecret-8", "kmssecret-9")
@pytest.mark.parametrize(
    ("spec", "seconds"),
    [
        ({"resyncInterval": 5}, 10),
        ({"resyncInterval": -1}, 10),
        ({"resyncInterval": 10}, 10),
        ({"resyncInterval": None}, 60),
        ({"resyncInterval": 60, "syncConfig": {"resyncInterval": "5m"}}, 300),
        ({"resyncInterval": 60, "syncConfig": {"resyncInterval": "2s"}}, 10),
        ({"resyncInterval": 60, "syncConfig": {"resyncInterval": ""}}, 60),
        ({"syncConfig": {"resyncInterval": "2h"}}, 7200),
        ({"syncConfig": {"resyncInterval": "1d"}}, 86400),
        ({"syncConfig": {"resyncInterval": "1w"}}, 604800),
        ({"syncConfig": {"resyncInterval": "90"}}, 90),
    ],
    ids=str,
)
def test_intervals(spec, seconds):
    assert decode(manifest(**spec)).period == seconds


@pytest.mark.parametrize(
    ("written", "policy"),
    [("Owner", KMS_OWNER), ("Orphan", KMS_ORPHAN), ("", KMS_OWNER), (None, KMS_OWNER)],
    ids=str,
)
def test_policies(written, policy):
    (made,), (again,) = (decode(manifest(**target(creationPolicy=written))).targets for _ in range(2))
    assert made.policy == policy
    assert made.policy is again.policy, "ten thousand objects share one"


@pytest.mark.parametrize("adopt", Adopt)
def test_what_may_be_taken_over_is_the_operators_word(adopt):
    obj = manifest(**target(creationPolicy="Orphan"))
    obj["metadata"]["annotations"] = {RECREATE: "true"}
    (made,) = decode(obj, adopt=adopt).targets
    assert made.policy == evolve(KMS_ORPHAN, adopt=adopt, recreate=True)


def test_what_speaks_of_the_object_itself_stays_with_it():
    obj = manifest()
    common = {"app.kubernetes.io/name": "x", "argocd.argoproj.io/instance": "y", "team": "z"}
    own = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "helm.sh/chart": "c", ALLOW_EMPTY: "true"}
    obj["metadata"] |= {"labels": common, "annotations": common | own}
    plain, narrowed = decode(obj), decode(obj, no_copy=("argocd.argoproj.io/", "team", "secrets.lux.network/"))
    assert plain.labels == plain.annotations == common
    assert narrowed.labels == narrowed.annotations == {"app.kubernetes.io/name": "x"}
    assert plain.allow_empty
    assert narrowed.allow_empty, "what the operator itself reads it reads all the same"


@pytest.mark.row("kmssecret-13")
@pytest.mark.parametrize("named", [(), ("projectSlug", "projectId")], ids=["none", "both"])
def test_a_project_is_named_once(named):
    obj = manifest()
    scope = obj["spec"]["authentication"]["universalAuth"]["secretsScope"]
    for key in ("projectSlug", "projectId"):
        scope[key] = "shop" if key in named else ""
    (problem,) = problems(obj)
    assert problem.startswith("spec.authentication.universalAuth.secretsScope names ")


def test_an_address_may_be_the_operators():
    assert decode(manifest(hostAPI="")).host == ""
    assert decode(manifest(hostAPI="HTTP://KMS.test/api/")).host == "http://kms.test"


def test_a_bundle_is_named_whole():
    reference = {"secretName": "ca", "secretNamespace": "infra", "key": "ca.crt"}
    assert decode(manifest(tls={"caRef": reference})).ca == BundleRef("infra", "ca", "ca.crt")
    assert decode(manifest(tls={"caRef": dict.fromkeys(reference, "")})).ca is None
    assert decode(manifest(tls={"caRef": {}})).ca is None
    assert problems(manifest(tls={"caRef": {"secretName": "ca"}})) == (
        "spec.tls.caRef.secretNamespace is missing; name the Secret and its key that hold the CA certificates",
        "spec.tls.caRef.key is missing; name the Secret and its key that hold the CA certificates",
    )


@pytest.mark.row("kmssecret-64")
@pytest.mark.parametrize("type_", ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"])
def test_the_clusters_own_types_are_refused(type_):
    (problem,) = problems(manifest(**target(secretType=type_)))
    assert problem.startswith(f'spec.managedSecretReference.secretType "{type_}" is the cluster\'s own')


def test_the_finalizer_is_seen():
    obj = manifest()
    assert not decode(obj).is_held
    obj["metadata"]["finalizers"] = ["example.org/x", FINALIZER]
    assert decode(obj).is_held


absences = st.sampled_from(["", None, {}, []])


@pytest.mark.row("kmssecret-12")
@given(
    st.dictionaries(st.sampled_from(["serviceToken", "kubernetesAuth", "ldapAuth", "azureAuth"]), absences), absences
)
def test_whatever_means_absent_changes_nothing(methods, absent):
    obj = manifest()
    plain = decode(copy.deepcopy(obj))
    obj["spec"]["authentication"] |= methods
    obj["spec"] |= {"tokenSecretReference": absent, "managedKubeSecretReferences": absent, "tls": absent}
    assert decode(obj) == plain


def test_a_reference_without_a_name_is_none_beside_configmaps():
    entries = [{"configMapName": "other", "configMapNamespace": "shop"}]
    obj = manifest(managedKubeConfigMapReferences=entries)
    obj["spec"]["managedSecretReference"] = {"secretName": "", "secretNamespace": "", "secretType": "Opaque"}
    (kept,) = decode(obj).targets
    assert str(kept.ref) == "ConfigMap shop/other"
    assert kept.policy == KMS_OWNER


def test_a_reference_without_a_name_is_none_beside_others():
    entries = [{"secretName": "other", "secretNamespace": "shop", "creationPolicy": "Owner"}]
    plain = manifest(managedKubeSecretReferences=entries)
    del plain["spec"]["managedSecretReference"]
    empty = {"secretName": "", "secretNamespace": "", "creationPolicy": "Orphan", "secretType": "Opaque"}
    beside = manifest(managedKubeSecretReferences=entries, managedSecretReference=empty)
    assert decode(beside) == decode(plain)


@pytest.mark.row("kmssecret-11")
def test_of_two_login_methods_none_is_chosen():
    obj = manifest()
    obj["spec"]["authentication"]["ldapAuth"] = {"identityId": "i"}
    assert [problem for problem in problems(obj) if "names several methods" in problem]
