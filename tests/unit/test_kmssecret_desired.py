"""What a KMSSecret wants, given what is known: content, host, and what it may ask for at all."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from attrs import evolve

from secretsync.backends.kms.queries import Folder
from secretsync.cache.store import Store
from secretsync.client_policy import OPERATOR
from secretsync.errors import CredentialsNotFound, InvalidKey, InvalidSpec, PathNotFound, TargetForbidden
from secretsync.ports import AnyQuery
from secretsync.queries import Found
from secretsync.reconcile.ask import Ask, NotYet
from secretsync.reconcile.settle import Memory, allow, settle
from secretsync.targets import Ref, Target
from secretsync.values import Document, Row, SecretValue
from secretsync_k8s.cluster.secrets import ClusterSecret, target
from secretsync_k8s.kinds.kmssecret import KMSSecret
from secretsync_k8s.operator.scope import Scope
from stand import NAMESPACE, kmssecret
from worlds import DIGEST, subject

KIND = KMSSecret(DIGEST, OPERATOR)


def manifest(**spec: Any) -> dict[str, Any]:
    obj = kmssecret("app", "http://kms.test", projectSlug=None, projectId="p1")
    obj["metadata"] |= {"uid": "uid-1", "generation": 1}
    obj["spec"] |= spec
    return obj


def wanted(obj: dict[str, Any], *rows: Row) -> tuple[Target, ...]:
    """Return what an object wants when its folder holds these rows."""
    spec, store = KIND.decode(obj), Store(DIGEST)
    store.learn(spec.credentials, Found({"clientId": SecretValue("1")}), at=0.0)
    ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)
    with pytest.raises(NotYet):
        KIND.desired(spec, ask)
    (folder,) = (query for query in ask.missed if isinstance(query, Folder))
    store.learn(folder, Found(Document(rows)), at=0.0)
    return KIND.desired(spec, ask)


def row(key: str, value: str, *, block: int = 0) -> Row:
    return Row(key, SecretValue(value), block=block)


def test_between_imports_the_first_wins() -> None:
    (made,) = wanted(manifest(), row("OWN", "0"), row("BOTH", "1", block=1), row("BOTH", "2", block=2))
    assert made.content == {"OWN": SecretValue("0"), "BOTH": SecretValue("1")}


@pytest.mark.row("kmssecret-26")
def test_a_folder_with_nothing_in_it_is_not_found() -> None:
    with pytest.raises(PathNotFound, match="path not found"):
        wanted(manifest())


@pytest.mark.row("kmssecret-46")
def test_a_key_that_no_secret_can_hold_is_named() -> None:
    with pytest.raises(InvalidKey, match='"has space"'):
        wanted(manifest(), row("has space", "1"))


@pytest.mark.row("kmssecret-15")
def test_without_a_host_nothing_is_asked_for() -> None:
    store, spec = Store(DIGEST), evolve(KIND.decode(manifest()), host="")
    ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)
    with pytest.raises(InvalidSpec, match=r"spec\.hostAPI is missing"):
        settle(subject(partial(KIND.desired, spec)), ask, store, memory=Memory(), guard=allow)
    assert ask.asked == {}


@pytest.mark.row("kmssecret-63")
@pytest.mark.parametrize(
    ("what", "error"),
    [(ClusterSecret("elsewhere", "login"), CredentialsNotFound), (target("elsewhere", "app"), TargetForbidden)],
    ids=["credentials", "target"],
)
def test_what_is_outside_the_scope_is_refused(what: AnyQuery | Ref, error: type[Exception]) -> None:
    scope, one = Scope((NAMESPACE,), allow), subject(lambda ask: (), key=f"KMSSecret {NAMESPACE}/app")
    ask = Ask(Store(DIGEST), now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)
    with pytest.raises(error, match=f"installed for {NAMESPACE} only"):
        scope(one, what, ask)
