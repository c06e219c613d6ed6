"""A folder as people name it: which questions it takes, and when they are asked again."""

from __future__ import annotations

from secretsync.backends.kms.queries import Folder, Project
from secretsync.backends.kms.scope import Scope, read
from secretsync.cache.store import Store
from secretsync.errors import ProjectNotFound
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Found, Identity
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.settle import Memory, Parked, Settled, allow, settle
from secretsync.targets import Target
from worlds import DIGEST, Credentials, document, subject

ME = Identity("http://kms.test", "universal-auth", Credentials("creds"), b"1")
PROJECT = Project(ME, "shop")
GONE = Absent(ProjectNotFound("http://kms.test", "list secrets", "project not found"))


def folder(project: str) -> Folder:
    return Folder(ME, project, "prod", "/app")


def asked(*learned: tuple[AnyQuery, AnyWire, float], now: float) -> object:
    """Ask for the folder of a project by its slug, after these answers at these times; return what comes of it."""

    def desired(ask: Ask) -> tuple[Target, ...]:
        read(ask, ME, Scope("prod", "/app", project_slug="shop"), slug_max_age=1800.0)
        return ()

    store = Store(DIGEST)
    for query, wire, at in learned:
        store.learn(query, wire, at=at)
    one = subject(desired)
    ask = Ask(store, now=now, since=now, max_age=60.0, permit=lambda what, ask: None)
    try:
        return settle(one, ask, store, memory=Memory(), guard=allow)
    except ProjectNotFound as error:
        return error


def test_a_slug_is_not_looked_up_at_every_check() -> None:
    known = (PROJECT, Found("id"), 0.0)
    assert asked(known, now=1000.0) == Parked({folder("id"): True})
    assert asked(known, now=1801.0) == Parked({PROJECT: True})


def test_a_project_made_anew_under_its_slug_is_found_at_once() -> None:
    known = (PROJECT, Found("old"), 0.0), (folder("old"), GONE, 1000.0)
    assert asked(*known, now=1000.0) == Parked({PROJECT: True}), "whatever age was accepted before"
    assert asked(*known, (PROJECT, Found("new"), 1000.0), now=1000.0) == Parked({folder("new"): True})
    assert isinstance(
        asked(*known, (PROJECT, Found("new"), 1000.0), (folder("new"), Found(document(A="1")), 1000.0), now=1000.0),
        Settled,
    )
