"""A template, a sink and a KMSSecret are the same to the engine: functions that ask, settled by one `settle`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from agents import PROJECT, SEED_TEMPLATE
from secretsync.auth.token import Token
from secretsync.backends.kms.queries import Folder, Project
from secretsync.cache.store import Store
from secretsync.client_policy import OPERATOR
from secretsync.digest import Digester
from secretsync.ports import AnyQuery
from secretsync.queries import Absent, Found, Identity
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Desired, Subject
from secretsync.reconcile.settle import Memory, Parked, Quiet, Settled, allow, settle
from secretsync.targets import Observe, Target
from secretsync.values import Document, Row, SecretValue
from secretsync_agent.functions import Questions
from secretsync_agent.rendering import Rendering, Still
from secretsync_agent.settings import Sink, Template
from secretsync_agent.targets import RenderedFile, TokenFile
from secretsync_k8s.cluster.secrets import ClusterSecret
from secretsync_k8s.kinds.kmssecret import KMSSecret
from stand import kmssecret

DIGEST = Digester(b"key")
WHO = Identity("http://kms", "a method")


def template() -> Desired:
    wanted = Template(1, "/run/app.env", text=SEED_TEMPLATE)
    still = Still(now=lambda: 0, entropy=bytes)
    return RenderedFile(
        wanted, WHO, Rendering(wanted, Questions(WHO, 300.0, lambda query, document: None), DIGEST, still)
    ).desired


def sink() -> Desired:
    return TokenFile(Sink("/run/token"), WHO).desired


def object_of_a_cluster() -> Desired:
    kind = KMSSecret(DIGEST, OPERATOR)
    manifest = kmssecret("app", "http://kms")
    spec = kind.decode({**manifest, "metadata": {**manifest["metadata"], "uid": "u", "generation": 1}})
    return lambda ask: kind.desired(spec, ask)


def answer(query: AnyQuery) -> Found[object] | Absent:
    match query:
        case ClusterSecret():
            return Found({"clientId": SecretValue("me"), "clientSecret": SecretValue("s")})
        case Project():
            return Found(PROJECT.id)
        case Folder():
            return Found(Document((Row("A", SecretValue("1")),)))
        case Token():
            return Found(SecretValue("token"), renew_in=60.0, expires_in=90.0)
    assert isinstance(query, Observe)
    return Absent()


@pytest.mark.parametrize("make", [template, sink, object_of_a_cluster])
def test_all_go_through_the_same_settle(make: Callable[[], Desired]) -> None:
    store, subject = Store(DIGEST), Subject("one", "somewhere", make(), b"spec", 60.0)

    def settled(memory: Memory) -> tuple[Parked | Quiet | Settled, Ask]:
        ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda query, ask: None)
        return settle(subject, ask, store, memory=memory, guard=allow), ask

    rounds = 0
    while isinstance((result := settled(Memory()))[0], Parked):
        rounds += 1
        for query in result[0].missed:
            store.learn(query, answer(query), at=0.0)
    assert 1 <= rounds <= 4
    outcome, ask = result
    assert isinstance(outcome, Settled)
    ((target, live),) = outcome.targets
    assert isinstance(target, Target)
    assert live is None
    verified = {target.ref: store.entry(Observe(target.ref)).digest}
    again, _ = settled(Memory(outcome.inputs, ask.asked, verified))
    assert isinstance(again, Quiet)


def test_a_file_is_looked_at_while_its_answers_are_fetched() -> None:
    store = Store(DIGEST)
    ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda query, ask: None)
    subject = Subject("one", "somewhere", template(), b"spec", 60.0)
    first = settle(subject, ask, store, memory=Memory(), guard=allow)
    assert isinstance(first, Parked)  # or the template would be rendered once more for that alone
    assert {type(query) for query in first.missed} >= {Observe, Folder}
