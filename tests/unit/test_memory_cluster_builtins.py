"""The rules of the built-in resources: Secrets, ConfigMaps, Namespaces."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from secretsync_k8s.testing import ApiError, MemoryCluster

Json = dict[str, Any]

MIB = 1024 * 1024


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(seed=0)


def create(cluster: MemoryCluster, resource: str = "secrets", **body: Any) -> Json:
    return cluster.create(resource, {"metadata": {"name": "x"}, **body})


def fields(caught: pytest.ExceptionInfo[ApiError]) -> list[str]:
    return [cause["field"] for cause in caught.value.details["causes"]]


def test_string_data_wins_over_data_and_is_never_read_back(cluster: MemoryCluster) -> None:
    made = create(cluster, data={"A": "MQ==", "B": "Mg=="}, stringData={"B": "ü"})
    assert made["data"] == {"A": "MQ==", "B": "w7w="}
    assert made["type"] == "Opaque"
    assert "stringData" not in made


INVALID = {
    "key with a space": ({"stringData": {"has space": ""}}, ["data[has space]"]),
    "empty key": ({"stringData": {"": ""}}, ["data[]"]),
    "key of 254": ({"stringData": {"k" * 254: ""}}, [f"data[{'k' * 254}]"]),
    "key of two dots": ({"stringData": {"..": ""}}, ["data[..]"]),
    "over 1 MiB": ({"stringData": {"A": "x" * MIB, "B": "x"}}, ["data"]),
    "tls": ({"type": "kubernetes.io/tls", "stringData": {"tls.crt": ""}}, ["data[tls.key]"]),
    "tls, empty": ({"type": "kubernetes.io/tls"}, ["data[tls.crt]", "data[tls.key]"]),
    "basic auth": ({"type": "kubernetes.io/basic-auth"}, ["data[username]", "data[password]"]),
    "docker": ({"type": "kubernetes.io/dockerconfigjson"}, ["data[.dockerconfigjson]"]),
    "two at once": ({"stringData": {"a b": "", "c d": ""}}, ["data[a b]", "data[c d]"]),
}


@pytest.mark.parametrize(("body", "expected"), INVALID.values(), ids=INVALID)
def test_an_invalid_secret(cluster: MemoryCluster, body: Json, expected: list[str]) -> None:
    with pytest.raises(ApiError) as caught:
        create(cluster, **body)
    assert (caught.value.status, fields(caught)) == (422, expected)


UNREADABLE = {
    "no base64": {"data": {"A": "canary-51c2!"}},
    "base64 with another letter": {"data": {"A": "M!Q=="}},
    "base64 without its padding": {"data": {"A": "MQ"}},
    "a number": {"data": {"A": 1}},
    "a list": {"stringData": ["canary-51c2"]},
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_secret_is_a_bad_request_that_does_not_quote_it(cluster: MemoryCluster, body: Json) -> None:
    with pytest.raises(ApiError) as caught:
        create(cluster, **body)
    assert caught.value.status == 400
    assert "canary" not in str(caught.value)


def test_a_secret_of_exactly_one_mib_and_any_key_that_may_be(cluster: MemoryCluster) -> None:
    key = "-._aZ9" + "k" * 247
    made = create(cluster, data={key: b64encode(b"x" * MIB).decode()})
    assert list(made["data"]) == [key]


def test_the_type_of_a_secret_is_immutable(cluster: MemoryCluster) -> None:
    create(cluster, stringData={"username": "u"})
    with pytest.raises(ApiError) as caught:
        cluster.patch("secrets", "x", {"type": "kubernetes.io/basic-auth"})
    assert caught.value.message == (
        'Secret "x" is invalid: type: Invalid value: "kubernetes.io/basic-auth": field is immutable'
    )


IMMUTABLE = {
    "Secret, data": ("secrets", {"data": {"A": "Mg=="}}, ["data"]),
    "Secret, the mark itself": ("secrets", {"immutable": False}, ["immutable"]),
    "Secret, both": ("secrets", {"immutable": None, "data": {"B": ""}}, ["immutable", "data"]),
    "ConfigMap, data": ("configmaps", {"data": {"A": "2"}}, ["data"]),
    "ConfigMap, the mark itself": ("configmaps", {"immutable": False}, ["immutable"]),
}


@pytest.mark.parametrize(("resource", "patch", "expected"), IMMUTABLE.values(), ids=IMMUTABLE)
def test_what_is_marked_immutable_stays(
    cluster: MemoryCluster, resource: str, patch: Json, expected: list[str]
) -> None:
    create(cluster, resource, data={"A": "MQ=="}, immutable=True)
    with pytest.raises(ApiError) as caught:
        cluster.patch(resource, "x", patch)
    assert (caught.value.status, fields(caught)) == (422, expected)
    labelled = cluster.patch(resource, "x", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["labels"] == {"a": "b"}


def test_a_config_map_holds_texts_and_bytes(cluster: MemoryCluster) -> None:
    made = create(cluster, "configmaps", data={"a": "ü"}, binaryData={"b": "/w=="})
    assert (made["data"], made["binaryData"]) == ({"a": "ü"}, {"b": "/w=="})
    with pytest.raises(ApiError) as caught:
        cluster.patch("configmaps", "x", {"binaryData": {"b c": "/w=="}})
    assert fields(caught) == ["binaryData[b c]"]


def test_a_namespace_is_active_and_labelled_with_its_name(cluster: MemoryCluster) -> None:
    made = cluster.create("namespaces", {"metadata": {"name": "shop"}})
    assert made["status"] == {"phase": "Active"}
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "shop"}
    with pytest.raises(ApiError) as caught:
        cluster.create("namespaces", {"metadata": {"name": "shop.prod"}})
    assert fields(caught) == ["metadata.name"]


def test_two_namespaces_are_there_from_the_start(cluster: MemoryCluster) -> None:
    names = [item["metadata"]["name"] for item in cluster.list("namespaces")["items"]]
    assert names == ["default", "kube-system"]


def test_a_lease_needs_its_version_to_be_updated(cluster: MemoryCluster) -> None:
    made = create(cluster, "leases", spec={"holderIdentity": "a"})
    taken = cluster.update("leases", {**made, "spec": {"holderIdentity": "b"}})
    assert taken["spec"] == {"holderIdentity": "b"}
    with pytest.raises(ApiError) as stale:
        cluster.update("leases", {**made, "spec": {"holderIdentity": "c"}})
    assert stale.value.status == 409
    del made["metadata"]["resourceVersion"]
    with pytest.raises(ApiError) as without:
        cluster.update("leases", made)
    assert without.value.status == 422
