"""The CRD's schema as an API server applies it: pruning, defaults, and every message of a refusal."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from secretsync_k8s.manifests import crd, text
from secretsync_k8s.testing import ApiError, MemoryCluster
from secretsync_k8s.testing.schema import Structure, normalise, validate

Json = dict[str, Any]

CRD = crd("kmssecrets")  # read once: parsing it takes longer than a test

SEED_EXAMPLE = """
apiVersion: secrets.lux.network/v1alpha1
kind: KMSSecret
metadata:
  name: example-kms-sync
  namespace: hanzo
  labels:
    app.kubernetes.io/name: example
    app.kubernetes.io/component: secrets
    app.kubernetes.io/part-of: hanzo-platform
spec:
  hostAPI: http://kms.hanzo.svc.cluster.local/api
  resyncInterval: 60
  authentication:
    universalAuth:
      credentialsRef:
        secretName: universal-auth-credentials
        secretNamespace: hanzo
      secretsScope:
        projectSlug: secrets-639-c
        envSlug: prod
        secretsPath: /example
  managedSecretReference:
    secretName: example-secrets
    secretNamespace: hanzo
    secretType: Opaque
    creationPolicy: Orphan
"""

TARGET = {"secretName": "env", "secretNamespace": "default"}
SCOPE = {"envSlug": "prod", "secretsPath": "/"}
REFERENCE = {"secretName": "u", "secretNamespace": "default"}
SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
STRUCTURE = Structure.of(SCHEMA)


@pytest.fixture
def cluster() -> MemoryCluster:
    cluster = MemoryCluster(crds=[CRD], seed=0)
    cluster.create("namespaces", {"metadata": {"name": "hanzo"}})
    return cluster


def kmssecret(spec: Json) -> Json:
    metadata = {"name": "sync"}
    return {"apiVersion": "secrets.lux.network/v1alpha1", "kind": "KMSSecret", "metadata": metadata, "spec": spec}


def causes(cluster: MemoryCluster, spec: Json) -> list[tuple[str, str]]:
    with pytest.raises(ApiError) as caught:
        cluster.create("kmssecrets", kmssecret(spec))
    assert (caught.value.status, caught.value.reason) == (422, "Invalid")
    return [(cause["field"], cause["message"]) for cause in caught.value.details["causes"]]


def universal(**scope: Any) -> Json:
    return {"authentication": {"universalAuth": {"credentialsRef": REFERENCE, "secretsScope": {**SCOPE, **scope}}}}


def test_the_manifest_is_expanded() -> None:
    assert not any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in yaml.scan(text("kmssecrets")))


def test_a_manifest_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(LookupError, match=r"'nonsense'.*; there are: .*kmssecrets"):
        crd("nonsense")


def test_the_example_of_the_documentation_is_accepted_unpruned(cluster: MemoryCluster) -> None:
    example = yaml.safe_load(SEED_EXAMPLE)
    made = cluster.create("kmssecrets", deepcopy(example))
    assert made["spec"] == example["spec"]
    assert made["metadata"]["labels"] == example["metadata"]["labels"]


@pytest.mark.row("kmssecret-7")
@pytest.mark.parametrize(
    ("interval", "accepted"),
    [({}, 60), ({"resyncInterval": 10}, 10), ({"resyncInterval": None}, 60)],
    ids=["omitted", "10", "null"],
)
def test_an_interval_that_is_accepted(cluster: MemoryCluster, interval: Json, accepted: int) -> None:
    made = cluster.create("kmssecrets", kmssecret({**interval, "managedSecretReference": TARGET}))
    assert made["spec"]["resyncInterval"] == accepted


@pytest.mark.row("kmssecret-7")
@pytest.mark.parametrize(
    ("interval", "message"),
    [
        (9, "Invalid value: 9: spec.resyncInterval in body should be greater than or equal to 10"),
        ("60s", 'Invalid value: "string": spec.resyncInterval in body must be of type integer: "string"'),
        (True, 'Invalid value: "boolean": spec.resyncInterval in body must be of type integer: "boolean"'),
    ],
    ids=["9", "60s", "true"],
)
def test_an_interval_that_is_rejected(cluster: MemoryCluster, interval: Any, message: str) -> None:
    got = causes(cluster, {"resyncInterval": interval, "managedSecretReference": TARGET})
    assert got == [("spec.resyncInterval", message)]


REJECTED = {
    "required": (
        {"managedSecretReference": {"secretName": "env"}},
        "spec.managedSecretReference.secretNamespace",
        "Required value",
    ),
    "enum": (
        {"managedSecretReference": {**TARGET, "creationPolicy": "Keep"}},
        "spec.managedSecretReference.creationPolicy",
        'Unsupported value: "Keep": supported values: "Owner", "Orphan", ""',
    ),
    "pattern": (
        {"syncConfig": {"resyncInterval": "1 min\n"}},
        "spec.syncConfig.resyncInterval",
        r'Invalid value: "1 min\n": spec.syncConfig.resyncInterval in body should match \'^([0-9]+[smhdw]?)?$\'',
    ),
    "pattern with a last newline": (
        {"syncConfig": {"resyncInterval": "1m\n"}},
        "spec.syncConfig.resyncInterval",
        r'Invalid value: "1m\n": spec.syncConfig.resyncInterval in body should match \'^([0-9]+[smhdw]?)?$\'',
    ),
    "max length": ({"hostAPI": "x" * 513}, "spec.hostAPI", "Too long: may not be more than 512 bytes"),
    "max items": (
        universal(keys=["K"] * 129),
        "spec.authentication.universalAuth.secretsScope.keys",
        "Too many: 129: must have at most 128 items",
    ),
    "item": (
        universal(keys=["K", 1]),
        "spec.authentication.universalAuth.secretsScope.keys[1]",
        (
            'Invalid value: "integer": spec.authentication.universalAuth.secretsScope.keys[1] in body must be of type '
            'string: "integer"'
        ),
    ),
    "map value": (
        {"managedSecretReference": {**TARGET, "template": {"data": {"A": 1}}}},
        "spec.managedSecretReference.template.data.A",
        (
            'Invalid value: "integer": spec.managedSecretReference.template.data.A in body must be of type string: '
            '"integer"'
        ),
    ),
}


@pytest.mark.parametrize(("spec", "field", "message"), REJECTED.values(), ids=REJECTED)
def test_what_the_schema_forbids_is_told_with_its_place(
    cluster: MemoryCluster, spec: Json, field: str, message: str
) -> None:
    assert causes(cluster, spec) == [(field, message.replace(r"\'", "'"))]


def test_all_problems_are_told_at_once(cluster: MemoryCluster) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.create("kmssecrets", kmssecret({"resyncInterval": 9, "managedSecretReference": {"secretName": "a"}}))
    assert caught.value.message == (
        'KMSSecret.secrets.lux.network "sync" is invalid: ['
        "spec.resyncInterval: Invalid value: 9: spec.resyncInterval in body should be greater than or equal to 10, "
        "spec.managedSecretReference.secretNamespace: Required value]"
    )


def test_unknown_fields_are_pruned_at_every_depth(cluster: MemoryCluster) -> None:
    spec = {"nonsense": 1, "managedKubeSecretReferences": [{**TARGET, "nonsense": {}}]}
    made = cluster.create("kmssecrets", {**kmssecret(spec), "nonsense": 1})
    assert "nonsense" not in made
    defaults = {"secretType": "Opaque", "creationPolicy": "Owner"}
    assert made["spec"] == {"resyncInterval": 60, "managedKubeSecretReferences": [{**TARGET, **defaults}]}


STATUS = {
    "date-time": ({"lastSyncTime": "yesterday"}, "status.lastSyncTime"),
    "condition status": (
        {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "Maybe",
                    "reason": "R",
                    "message": "",
                    "lastTransitionTime": "2030-01-01T00:00:00Z",
                }
            ]
        },
        "status.conditions[0].status",
    ),
    "empty reason": (
        {
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "",
                    "message": "",
                    "lastTransitionTime": "2030-01-01T00:00:00Z",
                }
            ]
        },
        "status.conditions[0].reason",
    ),
}


@pytest.mark.parametrize(("status", "field"), STATUS.values(), ids=STATUS)
def test_a_status_is_checked_too(cluster: MemoryCluster, status: Json, field: str) -> None:
    cluster.create("kmssecrets", kmssecret({"managedSecretReference": TARGET}))
    with pytest.raises(ApiError) as caught:
        cluster.patch("kmssecrets", "sync", {"status": status}, subresource="status")
    assert [cause["field"] for cause in caught.value.details["causes"]] == [field]


KEYWORDS = {
    "int or string": ({"x-kubernetes-int-or-string": True}, [1, "1"], [None, 1.5, []]),
    "number": ({"type": "number"}, [1, 1.5], [True, "1"]),
    "integral float": ({"type": "integer"}, [1.0], [1.5]),
    "nullable": ({"type": "string", "nullable": True}, [None, ""], [1]),
    "maximum": ({"type": "integer", "maximum": 3}, [3], [4]),
    "min items": ({"type": "array", "minItems": 1}, [[1]], [[]]),
    "preserve": ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, [{"a": 1}], [[]]),
}


@pytest.mark.parametrize(("schema", "valid", "invalid"), KEYWORDS.values(), ids=KEYWORDS)
def test_keywords(schema: Json, valid: list[Any], invalid: list[Any]) -> None:
    assert [list(validate(value, Structure.of(schema), "x")) for value in valid] == [[] for _ in valid]
    assert all(list(validate(value, Structure.of(schema), "x")) for value in invalid)


def test_unknown_fields_stay_where_the_schema_says_so() -> None:
    body: Json = {"spec": {"free": {"a": [1]}}, "gone": 1}
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert not list(normalise(body, Structure.of({"type": "object", "properties": {"spec": free}})))
    assert body == {"spec": {"free": {"a": [1]}}}


fields = st.sampled_from(
    ["resyncInterval", "hostAPI", "managedSecretReference", "secretName", "template", "data", "nonsense"]
)
anything = st.recursive(
    st.none() | st.integers(0, 99) | st.just("x"),
    lambda inner: st.dictionaries(fields, inner, max_size=4) | st.lists(inner, max_size=2),
)


@given(st.dictionaries(fields, anything))
def test_normalising_twice_is_normalising_once(spec: Json) -> None:
    body: Json = {"metadata": {"name": "x", "own": 1}, "spec": spec}
    first = list(normalise(body, STRUCTURE))
    once = deepcopy(body)
    assert list(normalise(body, STRUCTURE)) == first
    assert body == once
    assert body["metadata"] == {"name": "x", "own": 1}
    assert "nonsense" not in body["spec"]
