"""ConfigMaps as targets (kmssecret §2): made, kept in step, mended, given up, and refused where they cannot hold a value."""

from __future__ import annotations

from base64 import b64decode

import pytest

from secretsync.values import SecretValue
from stand import NAMESPACE, PROJECT, kmssecret


def config(name: str, url: str, *, policy: str = "Orphan", **more: object):
    obj = kmssecret(name, url)
    del obj["spec"]["managedSecretReference"]
    reference = {"configMapName": name, "configMapNamespace": NAMESPACE, "creationPolicy": policy, **more}
    obj["spec"]["managedKubeConfigMapReferences"] = [reference]
    return obj


def texts(stand, name: str) -> dict[str, str] | None:
    found = [
        one for one in stand.cluster.list("configmaps", namespace=NAMESPACE)["items"] if one["metadata"]["name"] == name
    ]
    return (found[0].get("data") or {}) if found else None


def patch(stand, name: str, body: dict[str, object]) -> None:
    stand.cluster.patch("configmaps", name, body, namespace=NAMESPACE)


@pytest.mark.row("kmssecret-50")
def test_a_configmap_is_kept_in_step_and_mended(stand):
    stand.grant("rbac-configmaps")
    kms = stand.kms({"/app": {"LEVEL": "info", "COLOUR": "grün"}})
    operator = stand.operator("--max-interval", "10m")
    both = kmssecret("both", kms.url)
    both["spec"]["managedKubeConfigMapReferences"] = config("both", kms.url)["spec"]["managedKubeConfigMapReferences"]
    stand.apply(config("app", kms.url, template={"data": {"line": "{{ .LEVEL.Value }}\n"}}), both)
    stand.until_ready("app", "both")
    assert texts(stand, "app") == {"line": "info\n"}
    assert texts(stand, "both") == stand.data("both") == {"LEVEL": "info", "COLOUR": "grün"}
    assert stand.condition("both")["message"] == "2 keys in 1 Secret and 1 ConfigMap"
    metadata = stand.cluster.get("configmaps", "app", namespace=NAMESPACE)["metadata"]
    assert metadata["annotations"]["secrets.lux.network/owner"] == f"{NAMESPACE}/app"
    patch(stand, "app", {"data": {"line": "edited", "more": "x"}, "binaryData": {"raw": "AAE="}})
    stand.until("configmaps", lambda: texts(stand, "app") == {"line": "info\n"})
    assert "binaryData" not in stand.cluster.get("configmaps", "app", namespace=NAMESPACE)
    stand.cluster.delete("configmaps", "app", namespace=NAMESPACE)
    stand.until("configmaps", lambda: texts(stand, "app") == {"line": "info\n"})
    assert operator.metric('secretsync_kmssecret_drift_total{name="app",namespace="shop"}') == 1.0


@pytest.mark.row("kmssecret-50")
def test_a_value_that_is_no_text_is_refused_whole(stand):
    stand.grant("rbac-configmaps")
    kms = stand.kms({"/app": {"A": "1"}})
    stand.operator()
    template = {"data": {"A": "x", "RAW": '{{ decodeBase64ToBytes "//79" }}'}}
    stand.apply(config("app", kms.url, template=template))
    message = stand.until_reason("app", "InvalidValue")["message"]
    assert message == 'ConfigMap shop/app takes texts alone, and "RAW" holds bytes; keep it in a Secret'
    assert texts(stand, "app") is None
    secret = kmssecret("secret", kms.url)
    secret["spec"]["managedSecretReference"]["template"] = template
    stand.apply(secret)
    stand.until_ready("secret")
    assert b64decode(stand.secret("secret")["data"]["RAW"]) == b"\xff\xfe\xfd"


def test_one_of_others_is_left_alone_and_one_of_ours_goes_with_its_object(stand):
    kms = stand.kms({"/app": {"A": "1"}})
    stand.operator()
    controller = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    foreign = {"metadata": {"name": "foreign", "ownerReferences": [controller]}, "data": {"x": "y"}}
    stand.cluster.create("configmaps", foreign, namespace=NAMESPACE)
    stand.apply(
        config("foreign", kms.url), config("owned", kms.url, policy="Owner"), config("left", kms.url, policy="Owner")
    )
    stand.until_reason("foreign", "TargetConflict")
    assert texts(stand, "foreign") == {"x": "y"}
    stand.until_ready("owned", "left")
    references = [{"configMapName": "renamed", "configMapNamespace": NAMESPACE, "creationPolicy": "Owner"}]
    stand.cluster.patch(
        "kmssecrets", "left", {"spec": {"managedKubeConfigMapReferences": references}}, namespace=NAMESPACE
    )
    stand.until("configmaps", lambda: texts(stand, "left") is None and texts(stand, "renamed") == {"A": "1"})
    stand.cluster.delete("kmssecrets", "owned", namespace=NAMESPACE)
    stand.until("configmaps", lambda: texts(stand, "owned") is None)


def test_without_such_targets_configmaps_are_not_watched(stand):
    kms = stand.kms({"/app": {"A": "1"}})
    stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    assert not [
        one for one in stand.cluster.requests if one.resource == "configmaps" and one.namespace != "kms-operator-system"
    ]
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": SecretValue("2")})
    stand.until("secrets", lambda: stand.data("app") == {"A": "2"})
