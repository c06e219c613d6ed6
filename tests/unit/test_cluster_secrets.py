"""Secrets of the cluster: what is read, what is written, and what is said when the API server refuses."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Mapping
from itertools import count

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from secretsync.clock import Deadline
from secretsync.digest import Digester
from secretsync.errors import (
    CredentialsNotFound,
    DeadlineExceeded,
    RateLimited,
    SecretNotFound,
    SecretSyncError,
    TargetForbidden,
    TargetInvalid,
    TargetMoved,
    TargetNamespaceMissing,
    Unavailable,
)
from secretsync.queries import UNCHANGED, Absent, Failed, Found, Purpose, Scope
from secretsync.targets import Change, Create, Delete, Observe, Release, Update
from secretsync.testing.clock import ManualClock
from secretsync.values import SecretValue, Version
from secretsync_k8s.cluster import marks
from secretsync_k8s.cluster.secrets import ClusterSecret, Secrets, target
from secretsync_k8s.cluster.transport import JSON, Json, refused

CANARY = "canary-7f3a"
DIGEST = Digester(b"install key")
REF = target("shop", "app")
MARK = "shop/app-secrets"
OWNER = marks.owner_reference(
    api_version="secrets.lux.network/v1alpha1", kind="KMSSecret", name="app-secrets", uid="uid-of-owner"
)
FOREIGN = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-of-web", "controller": True}


@define
class FakeApi:
    """Secrets behind a transport, with the API server's rules about versions and nothing more."""

    objects: dict[str, Json] = field(factory=dict)
    requests: list[tuple[str, str, Json | None]] = field(factory=list)
    fault: Exception | None = None
    _versions: count[int] = field(factory=lambda: count(1))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Json | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = 15.0,
    ) -> Json:
        self.requests.append((method, path, body))
        if self.fault:
            raise self.fault
        return copy.deepcopy(getattr(self, method.lower())(path, body))

    def post(self, path: str, body: Json) -> Json:
        name = f"{path}/{body['metadata']['name']}"
        if name in self.objects:
            raise refused("POST", 409, {"reason": "AlreadyExists"})
        return self.put(name, copy.deepcopy(body))

    def put(self, path: str, secret: Json) -> Json:
        version = next(self._versions)
        secret["metadata"] |= {"resourceVersion": str(version)}
        secret["metadata"].setdefault("uid", f"uid-{version}")
        self.objects[path] = secret
        return secret

    def get(self, path: str, _body: None) -> Json:
        if path not in self.objects:
            raise refused("GET", 404, {"reason": "NotFound"})
        return self.objects[path]

    def patch(self, path: str, body: Json) -> Json:
        live = self.get(path, None)
        version = live["metadata"]["resourceVersion"]
        if body["metadata"].pop("resourceVersion", version) != version:
            raise refused("PATCH", 409, {"reason": "Conflict"})
        return self.put(path, merged(live, body))

    def delete(self, path: str, body: Json) -> Json:
        live = self.get(path, None)["metadata"]
        if any(live[key] != wanted for key, wanted in body["preconditions"].items()):
            raise refused("DELETE", 409, {"reason": "Conflict"})
        return self.objects.pop(path)


def merged(live: Json, patch: Json) -> Json:
    result = dict(live)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value)
        else:
            result[key] = value
    return result


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def secrets(api: FakeApi) -> Secrets:
    return Secrets(api, DIGEST)


PATH = "/api/v1/namespaces/shop/secrets/app"


def content(**texts: str) -> dict[str, SecretValue]:
    return {key: SecretValue(text) for key, text in texts.items()}


def live(api: FakeApi, *, data: Mapping[str, str] | None = None, **metadata: object) -> Json:
    encoded = {key: b64encode(text.encode()).decode() for key, text in (data or {}).items()}
    secret = {"metadata": {"namespace": "shop", "name": "app", **metadata}, "type": "Opaque", "data": encoded}
    return api.put(PATH, secret)


def read(secrets: Secrets, query, known: Mapping = {}, seconds: float = 10.0):
    deadline = Deadline.after(seconds, ManualClock())
    return secrets.read([query], known=known, credential=None, deadline=deadline)[query]


def observe(secrets: Secrets):
    return read(secrets, Observe(REF)).value


def update(seen, **changes) -> Update:
    fields = {"put": {}, "drop": frozenset(), "attributes": {}, "mark": MARK, "uid": seen.uid, "version": seen.version}
    return Update(**fields | changes)


# -- reading


def test_a_cluster_secret_is_read_as_values(api, secrets):
    live(api, data={"clientId": "id", "clientSecret": CANARY})

    answer = read(secrets, ClusterSecret("shop", "app"))

    assert answer.value["clientSecret"] == SecretValue(CANARY)
    assert list(answer.value) == ["clientId", "clientSecret"]
    assert answer.version == Version("1")
    assert CANARY not in repr(answer)


def test_a_secret_of_the_cluster_itself_is_never_read(api, secrets):
    live(api, data={"token": CANARY})
    api.objects[PATH]["type"] = "kubernetes.io/service-account-token"
    answer = read(secrets, ClusterSecret("shop", "app"))
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, CredentialsNotFound)
    assert observe(secrets).mark == marks.CLUSTER, "nor taken over"


def test_a_cluster_secret_is_a_pushed_credential():
    query = ClusterSecret("shop", "app")
    assert (str(query), query.host, query.purpose, query.pushed) == (
        "Secret shop/app",
        "cluster",
        Purpose.CREDENTIAL,
        True,
    )


def test_a_known_version_is_unchanged(api, secrets):
    live(api)
    query = ClusterSecret("shop", "app")
    assert read(secrets, query, {query: Version("1")}) is UNCHANGED


def test_absence_says_what_is_absent(secrets):
    answer = read(secrets, ClusterSecret("shop", "app"))
    assert isinstance(answer, Absent)
    assert isinstance(answer.why, SecretNotFound)
    assert "read Secret shop/app" in str(answer.why)
    assert read(secrets, Observe(REF)) == Absent()


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        pytest.param(403, ("forbidden", Scope.QUERY, 0.0), id="forbidden"),
        pytest.param(401, ("authentication_failed", Scope.QUERY, 0.0), id="unauthenticated"),
        pytest.param(429, ("rate_limited", Scope.HOST, 7.0), id="throttled"),
        pytest.param(503, ("unavailable", Scope.HOST, 0.0), id="down"),
        pytest.param(400, ("api_error", Scope.QUERY, 0.0), id="bad request"),
    ],
)
def test_a_refused_read_is_a_failure(api, secrets, status, failure):
    api.fault = refused("GET", status, {"message": CANARY}, retry_after=7.0)
    answer = read(secrets, Observe(REF))
    assert isinstance(answer, Failed)
    assert (answer.error.code, answer.scope, answer.retry_after) == failure
    assert CANARY not in str(answer.error)


def test_without_time_nothing_is_asked(api, secrets):
    answer = read(secrets, Observe(REF), seconds=0.0)
    assert isinstance(answer.error, DeadlineExceeded)
    assert not api.requests


def test_a_name_that_leads_elsewhere_is_refused_before_it_is_asked(api, secrets):
    answer = read(secrets, ClusterSecret("shop", "../../kube-system/secrets/x"))
    assert isinstance(answer, Failed)
    assert not api.requests


def test_observed_holds_digests_and_no_values(api, secrets):
    live(api, data={"PASSWORD": CANARY}, labels={"team": "a"})
    seen = observe(secrets)
    assert seen.keys == {"PASSWORD": DIGEST(SecretValue(CANARY))}
    assert seen.attributes == {"type": "Opaque", "label:team": "a"}
    assert (seen.uid, seen.version, seen.mark, seen.controller, seen.tracked) == ("uid-1", "1", None, "", frozenset())
    assert CANARY not in repr(seen)


# -- whose it is


@pytest.mark.parametrize(
    ("metadata", "mark", "controller"),
    [
        pytest.param({}, None, "", id="nobody"),
        pytest.param({"annotations": {marks.OWNER: MARK}}, MARK, "", id="marked"),
        pytest.param({"ownerReferences": [FOREIGN]}, None, "Deployment web", id="foreign controller"),
        pytest.param(
            {"ownerReferences": [FOREIGN | {"controller": False}]}, None, "", id="foreign owner that controls nothing"
        ),
        pytest.param({"ownerReferences": [json.loads(OWNER)]}, MARK, "", id="left by an earlier operator"),
        pytest.param(
            {"annotations": {marks.OWNER: "shop/else"}, "ownerReferences": [json.loads(OWNER)]},
            "shop/else",
            "KMSSecret app-secrets",
            id="marked by one, controlled by another",
        ),
        pytest.param(
            {
                "annotations": {marks.OWNER: MARK, marks.OWNER_UID: "uid-of-web"},
                "ownerReferences": [FOREIGN],
            },
            MARK,
            "",
            id="the reference's uid is the owner's",
        ),
        pytest.param(
            {"ownerReferences": [json.loads(OWNER) | {"kind": "KMSDynamicSecret"}]},
            None,
            "KMSDynamicSecret app-secrets",
            id="another kind of our group",
        ),
    ],
)
def test_whose_a_secret_is(api, secrets, metadata, mark, controller):
    live(api, **metadata)
    seen = observe(secrets)
    assert (seen.mark, seen.controller) == (mark, controller)


def test_a_mark_in_the_list_of_what_we_track_is_not_taken_away(api, secrets):
    live(api, annotations={marks.OWNER: MARK, marks.MANAGED_ANNOTATIONS: f"a,{marks.OWNER}", marks.MANAGED_LABELS: ""})
    assert observe(secrets).tracked == {"annotation:a"}


# -- writing

names = st.from_regex(r"[a-z]([a-z0-9]{0,6}[a-z0-9])?", fullmatch=True)
contents = st.dictionaries(names, st.binary(max_size=40).map(SecretValue), max_size=5)
attribute_names = st.one_of(
    st.builds("label:{}".format, names),
    st.builds("annotation:{}".format, names),
    st.just(f"annotation:{marks.VERSION}"),
)
attributes = st.dictionaries(attribute_names, names, max_size=5)
owners = st.sampled_from([{}, {"owner": OWNER, f"annotation:{marks.OWNER_UID}": "uid-of-owner"}])
wanted_states = st.tuples(contents, st.builds(lambda some, owner: some | owner, attributes, owners))


def difference(seen, values: Mapping[str, SecretValue], wanted: Mapping[str, str]) -> Update:
    changed: dict[str, str | None] = {n: text for n, text in wanted.items() if seen.attributes.get(n) != text}
    return update(
        seen,
        put={key: value for key, value in values.items() if seen.keys.get(key) != DIGEST(value)},
        drop=frozenset(seen.keys) - frozenset(values),
        attributes=changed | dict.fromkeys(seen.tracked - frozenset(wanted)),
    )


def holds(seen, values: Mapping[str, SecretValue], wanted: Mapping[str, str]) -> None:
    assert seen.keys == {key: DIGEST(value) for key, value in values.items()}
    assert dict(seen.attributes) | wanted == dict(seen.attributes)
    assert seen.mark == MARK
    assert seen.attributes[f"label:{marks.MANAGED}"] == "true"
    assert seen.tracked == {name for name in wanted if marks.PREFIX not in name}


@given(wanted_states, wanted_states)
def test_what_was_performed_is_what_is_observed(first, second):
    secrets = Secrets(FakeApi(), DIGEST)

    made = secrets.perform(REF, Create(*first, MARK), subject="s")
    assert isinstance(made, Found)
    holds(made.value, *first)
    assert made.value == observe(secrets)

    changed = secrets.perform(REF, difference(made.value, *second), subject="s")
    assert isinstance(changed, Found)
    holds(changed.value, *second)
    assert changed.value == observe(secrets)
    assert not difference(changed.value, *second).attributes


def test_a_new_secret_carries_the_marks_and_no_owner(api, secrets):
    attributes = {"label:team": "a", f"annotation:{marks.VERSION}": "v2:00", "type": "kubernetes.io/basic-auth"}
    secrets.perform(REF, Create(content(USER="u"), attributes, MARK), subject="s")
    assert api.requests[0][2] == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "namespace": "shop",
            "name": "app",
            "labels": {"team": "a", marks.MANAGED: "true"},
            "annotations": {marks.VERSION: "v2:00", marks.OWNER: MARK, marks.MANAGED_LABELS: "team"},
            "ownerReferences": [],
        },
        "type": "kubernetes.io/basic-auth",
        "data": {"USER": "dQ=="},
    }


def test_a_change_of_data_is_one_request_with_its_version(api, secrets):
    live(api, data={"A": "1", "B": "2"}, annotations={marks.OWNER: MARK})
    seen = observe(secrets)
    api.requests.clear()

    stamp = {f"annotation:{marks.VERSION}": "v2:01"}
    secrets.perform(REF, update(seen, put=content(A="3"), drop=frozenset({"B"}), attributes=stamp), subject="s")

    assert api.requests == [
        (
            "PATCH",
            PATH,
            {
                "metadata": {
                    "labels": {marks.MANAGED: "true"},
                    "annotations": {marks.VERSION: "v2:01", marks.OWNER: MARK},
                },
                "data": {"A": "Mw==", "B": None},
            },
        )
    ]


def test_foreign_labels_stay_and_labels_of_ours_that_are_no_longer_wanted_go(api, secrets):
    live(
        api,
        labels={"theirs": "1", "ours": "1", "kept": "1"},
        annotations={marks.OWNER: MARK, marks.MANAGED_LABELS: "kept,ours"},
    )
    seen = observe(secrets)
    assert seen.tracked == {"label:kept", "label:ours"}

    secrets.perform(REF, update(seen, attributes={"label:ours": None, "annotation:new": "n"}), subject="s")

    metadata = api.objects[PATH]["metadata"]
    assert metadata["labels"] == {"theirs": "1", "kept": "1", marks.MANAGED: "true"}
    assert metadata["annotations"] == {
        "new": "n",
        marks.OWNER: MARK,
        marks.MANAGED_LABELS: "kept",
        marks.MANAGED_ANNOTATIONS: "new",
    }


@pytest.mark.row("kmssecret-41")
def test_who_adopts_is_the_one_controller_and_the_former_one_stays_an_owner(api, secrets):
    live(api, ownerReferences=[FOREIGN])
    seen = observe(secrets)
    assert seen.controller == "Deployment web"
    action = update(seen, attributes={"owner": OWNER}, change=Change.ADOPTED)
    taken = secrets.perform(REF, action, subject="s")
    references = api.objects[PATH]["metadata"]["ownerReferences"]
    assert references == [FOREIGN | {"controller": False}, json.loads(OWNER)]
    assert taken.value.controller == ""


def test_an_owner_comes_and_goes_beside_foreign_references(api, secrets):
    theirs = FOREIGN | {"controller": False}
    live(api, annotations={marks.OWNER: MARK, marks.OWNER_UID: "uid-of-owner"}, ownerReferences=[theirs])

    owned = secrets.perform(REF, update(observe(secrets), attributes={"owner": OWNER}), subject="s")
    assert api.objects[PATH]["metadata"]["ownerReferences"] == [theirs, json.loads(OWNER)]
    assert owned.value.attributes["owner"] == OWNER
    assert owned.value.tracked == {"owner"}

    secrets.perform(REF, update(owned.value, attributes={"owner": None}), subject="s")
    assert api.objects[PATH]["metadata"]["ownerReferences"] == [theirs]
    assert "DELETE" not in [method for method, _, _ in api.requests]


def test_a_secret_that_is_released_loses_our_marks_and_nothing_else(api, secrets):
    attributes = {"label:app": "web", f"annotation:{marks.OWNER_UID}": "u", f"annotation:{marks.VERSION}": "v2:x"}
    made = secrets.perform(REF, Create(content(A="1"), attributes, MARK), subject="s").value

    released = secrets.perform(REF, Release(made.uid, made.version), subject="s").value

    assert (released.mark, released.tracked, released.keys) == (None, frozenset(), made.keys)
    metadata = api.objects[PATH]["metadata"]
    assert metadata["labels"] == {"app": "web"}
    assert metadata["annotations"] == {marks.VERSION: "v2:x"}
    with pytest.raises(TargetMoved):
        secrets.perform(REF, Release(made.uid, made.version), subject="s")


def test_a_secret_is_deleted_by_uid_and_version(api, secrets):
    live(api)
    seen = observe(secrets)
    assert secrets.perform(REF, Delete(seen.uid, seen.version), subject="s") == Absent()
    assert PATH not in api.objects
    assert secrets.perform(REF, Delete(seen.uid, seen.version), subject="s") == Absent()


@pytest.mark.row("kmssecret-5")
@pytest.mark.parametrize(("uid", "version"), [("uid-of-before", "1"), ("uid-1", "0")], ids=["another", "changed"])
def test_another_secret_of_that_name_is_not_deleted(api, secrets, uid, version):
    live(api)
    with pytest.raises(TargetMoved):
        secrets.perform(REF, Delete(uid, Version(version)), subject="s")
    assert PATH in api.objects


STALE = Version("0")


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(Create(content(A="1"), {}, MARK), id="create"),
        pytest.param(Update(content(A="1"), frozenset(), {}, MARK, "uid-1", STALE), id="data"),
        pytest.param(Update({}, frozenset(), {"label:a": "b"}, MARK, "uid-1", STALE), id="label"),
        pytest.param(Release("uid-1", STALE), id="release"),
        pytest.param(Delete("uid-1", STALE), id="delete"),
    ],
)
def test_what_changed_in_between_is_not_overwritten(api, secrets, action):
    before = copy.deepcopy(live(api, data={"A": "0"}))
    with pytest.raises(TargetMoved):
        secrets.perform(REF, action, subject="s")
    assert api.objects[PATH] == before


def test_an_update_of_what_is_gone_looks_again(secrets):
    with pytest.raises(TargetMoved):
        secrets.perform(REF, Update({}, frozenset(), {}, MARK, "uid-1", STALE), subject="s")


INVALID = {
    "reason": "Invalid",
    "message": f'Secret "app" is invalid: data[K]: Invalid value: "{CANARY}"',
    "details": {"causes": [{"field": "data[K]", "reason": "FieldValueInvalid", "message": CANARY}]},
}


@pytest.mark.parametrize(
    ("action", "fault", "expected"),
    [
        pytest.param(
            Create(content(K=CANARY), {}, MARK),
            refused("POST", 422, INVALID),
            (TargetInvalid, "data[K]: FieldValueInvalid"),
            id="invalid",
        ),
        pytest.param(
            Create(content(K=CANARY), {}, MARK),
            refused("POST", 400, INVALID),
            (TargetInvalid, "Invalid"),
            id="malformed",
        ),
        pytest.param(
            Create(content(K=CANARY), {}, MARK),
            refused("POST", 404, {"reason": "NotFound", "message": CANARY}),
            (TargetNamespaceMissing, "no namespace shop"),
            id="no namespace",
        ),
        pytest.param(
            Update(content(K=CANARY), frozenset(), {}, MARK, "u", STALE),
            refused("PATCH", 403, {"reason": "Forbidden", "message": CANARY}),
            (TargetForbidden, "may not patch"),
            id="forbidden",
        ),
        pytest.param(
            Delete("u", STALE), refused("DELETE", 401, {}), (TargetForbidden, "may not delete"), id="unauthenticated"
        ),
        pytest.param(
            Create(content(K=CANARY), {}, MARK),
            refused("POST", 500, {"message": CANARY}),
            (Unavailable, "HTTP 500"),
            id="broken",
        ),
        pytest.param(
            Create(content(K=CANARY), {}, MARK), refused("POST", 429, {}), (RateLimited, "HTTP 429"), id="throttled"
        ),
    ],
)
def test_a_refusal_says_why_without_what_was_sent(caplog, action, fault, expected):
    caplog.set_level("DEBUG")
    with pytest.raises(SecretSyncError) as caught:
        Secrets(FakeApi(fault=fault), DIGEST).perform(REF, action, subject="s")
    error, text = expected
    assert type(caught.value) is error
    assert text in str(caught.value)
    shown = f"{caught.value} {caught.value!r} {action!r} {caplog.text}"
    assert CANARY not in shown
    assert b64encode(CANARY.encode()).decode() not in shown


def test_a_write_is_logged_without_values(api, secrets, caplog):
    caplog.set_level("DEBUG")
    secrets.perform(REF, Create(content(K=CANARY), {}, MARK), subject="KMSSecret shop/app-secrets")
    assert "Secret shop/app: Created for KMSSecret shop/app-secrets" in caplog.text
    assert CANARY not in caplog.text
    assert Change.CREATED.value == "Created"


def test_keys_that_are_ours_among_others_are_remembered_by_the_secret_itself():
    secrets = Secrets(FakeApi(), DIGEST)
    ours, theirs = frozenset({"A", "B"}), frozenset()
    made = secrets.perform(REF, Create(content(A="1", B="2"), {}, MARK, ours), subject="s")
    assert isinstance(made, Found)
    assert made.value.owned == ours
    assert made.value.tracked == theirs, "it is no attribute of the object's"
    less = secrets.perform(REF, update(made.value, drop=frozenset({"B"}), owned=frozenset({"A"})), subject="s")
    assert isinstance(less, Found)
    assert (less.value.owned, set(less.value.keys)) == (frozenset({"A"}), {"A"})
    none = secrets.perform(REF, update(less.value, owned=frozenset()), subject="s")
    assert isinstance(none, Found)
    assert none.value.owned == frozenset()
    assert f"annotation:{marks.MANAGED_KEYS}" not in none.value.attributes
