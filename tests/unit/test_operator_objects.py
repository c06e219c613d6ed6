"""What is kept of a custom resource, and which of its changes are news."""

from __future__ import annotations

from typing import Any
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.client_policy import OPERATOR
from secretsync.digest import Digester
from secretsync.errors import TargetMoved
from secretsync.reconcile.messages import Applied, Withdrawn
from secretsync.targets import Ref
from secretsync_k8s.cluster.replica import Change, ChangeType
from secretsync_k8s.cluster.secrets import target
from secretsync_k8s.kinds.kmssecret import KMSSecret
from secretsync_k8s.kinds.kmssecret.spec import Spec
from secretsync_k8s.operator.objects import Held, Objects

DIGEST = Digester(b"install key")
COMPLETE = {
    "authentication": {
        "universalAuth": {
            "credentialsRef": {"secretName": "login", "secretNamespace": "shop"},
            "secretsScope": {"projectSlug": "shop", "envSlug": "prod", "secretsPath": "/"},
        }
    },
    "managedSecretReference": {"secretName": "app", "secretNamespace": "shop"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def kmssecret(**metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "metadata": {"namespace": "shop", "name": "app", "uid": "1", "generation": 1, **metadata},
        "spec": {"hostAPI": "http://kms.example/api"},
    }


@pytest.fixture
def objects() -> Objects[Any]:
    made: Objects[Any] = Objects(KMSSecret(DIGEST, OPERATOR), digest=DIGEST)
    told = made.changed(Change(ChangeType.ADDED, kmssecret(resourceVersion="1")))
    assert isinstance(told, Applied)
    return made


@given(spec=st.dictionaries(st.text(), JSON), status=st.dictionaries(st.text(), JSON))
def test_what_is_held_is_what_was_seen(spec: dict[str, Any], status: dict[str, Any]) -> None:
    obj = {**kmssecret(), "spec": spec}
    held = Held.of(obj, status)
    assert (held.obj, held.status) == ({**obj, "status": {}}, status)


def test_a_status_write_that_comes_back_is_no_news(objects: Objects[Any]) -> None:
    held = objects.get("KMSSecret shop/app")
    assert held is not None
    objects.wrote("KMSSecret shop/app", held, {"secretsCount": 1})
    echo = {**kmssecret(resourceVersion="2", managedFields=[{"manager": "us"}]), "status": {"secretsCount": 1}}
    assert objects.changed(Change(ChangeType.MODIFIED, echo)) is None
    assert held.status == {"secretsCount": 1}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"metadata": kmssecret(generation=2)["metadata"]}, id="generation"),
        pytest.param({"metadata": kmssecret(uid="2")["metadata"]}, id="uid"),
        pytest.param({"metadata": kmssecret(labels={"team": "a"})["metadata"]}, id="label"),
        pytest.param({"spec": {"hostAPI": "http://other.example/api"}}, id="spec"),
    ],
)
def test_every_other_change_is_news(objects: Objects[Any], change: dict[str, Any]) -> None:
    assert isinstance(objects.changed(Change(ChangeType.MODIFIED, {**kmssecret(), **change})), Applied)


def test_after_its_deletion_the_same_object_is_news(objects: Objects[Any]) -> None:
    assert isinstance(objects.changed(Change(ChangeType.DELETED, kmssecret())), Withdrawn)
    assert isinstance(objects.changed(Change(ChangeType.ADDED, kmssecret())), Applied)


def test_what_an_object_asks_for_is_not_kept_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decode, decoded = KMSSecret.decode, []

    def noted(kind: KMSSecret, obj: dict[str, Any]) -> Spec:
        spec = decode(kind, obj)
        decoded.append(ref(spec))
        return spec

    monkeypatch.setattr(KMSSecret, "decode", noted)
    made: Objects[Any] = Objects(KMSSecret(DIGEST, OPERATOR), digest=DIGEST)
    told = made.changed(Change(ChangeType.ADDED, {**kmssecret(), "spec": COMPLETE}))
    assert isinstance(told, Applied)
    assert [one() for one in decoded] == [None]


@pytest.mark.parametrize(
    ("ready", "generation", "moved", "settled"),
    [
        pytest.param("True", 1, (), True, id="in-step"),
        pytest.param("False", 1, (), False, id="was-not-right"),
        pytest.param("True", 0, (), False, id="asks-for-something-else"),
        pytest.param("True", 1, ("two",), False, id="a-target-moved"),
    ],
)
def test_after_a_start_an_object_in_step_waits_for_its_turn(
    ready: str, generation: int, moved: tuple[str, ...], *, settled: bool
) -> None:
    asked: list[tuple[Ref, str]] = []

    def has_moved(ref: Ref, version: str) -> bool:
        asked.append((ref, version))
        return ref.name in moved

    targets = [
        {"kind": "Secret", "namespace": "shop", "name": name, "policy": "Orphan", "resourceVersion": version}
        for name, version in (("one", "7"), ("two", "8"))
    ]
    untold = {"kind": "Secret", "namespace": "shop", "name": "untold", "policy": "Orphan"}
    conditions = [{"type": "Ready", "status": ready}]
    status = {"conditions": conditions, "observedGeneration": generation, "targets": [*targets, untold]}
    objects: Objects[Any] = Objects(KMSSecret(DIGEST, OPERATOR), digest=DIGEST, moved=has_moved)
    told = objects.changed(Change(ChangeType.ADDED, {**kmssecret(), "status": status}))
    assert isinstance(told, Applied)
    assert told.subject.settled is settled
    if settled:
        assert asked == [(target("shop", "one"), "7"), (target("shop", "two"), "8")]


def test_an_object_made_anew_under_its_name_begins_with_its_own_status(objects: Objects[Any]) -> None:
    held = objects.get("KMSSecret shop/app")
    assert held is not None
    objects.wrote("KMSSecret shop/app", held, {"secretsCount": 1})
    objects.changed(Change(ChangeType.ADDED, {**kmssecret(uid="2"), "status": {"secretsCount": 7}}))
    anew = objects.get("KMSSecret shop/app")
    assert anew is not None
    assert anew.status == {"secretsCount": 7}


def test_a_paused_object_is_withdrawn_until_it_goes_on(objects: Objects[Any]) -> None:
    paused = kmssecret(annotations={"secrets.lux.network/paused": "true"})
    assert isinstance(objects.changed(Change(ChangeType.MODIFIED, paused)), Withdrawn)
    assert isinstance(objects.changed(Change(ChangeType.MODIFIED, kmssecret())), Applied)


def test_a_status_is_not_written_twice_at_once_where_one_speaks_of_workloads(objects: Objects[Any]) -> None:
    with objects.turn("app", alone=True):
        for alone in (True, False):
            with pytest.raises(TargetMoved), objects.turn("app", alone=alone):
                pass
        with objects.turn("other", alone=True):
            pass
    with objects.turn("app"), objects.turn("app"), pytest.raises(TargetMoved), objects.turn("app", alone=True):
        pass
    with objects.turn("app", alone=True):
        pass
