"""The invariant: no failure ever empties or deletes a target, and what ends is made good.

Every error that a backend, the credentials or the code can meet, in every phase of an object's life, under both
policies of deletion.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from attrs import define, evolve, field

from secretsync.errors import (
    AuthenticationFailed,
    Forbidden,
    InvalidRequest,
    PathNotFound,
    ProjectNotFound,
    RateLimited,
    Unavailable,
    ValueHidden,
    WrongEndpoint,
)
from secretsync.policies import KMS_ORPHAN, KMS_OWNER, Policy
from secretsync.queries import Absent, Failed, Scope
from secretsync.reconcile.ask import Ask
from secretsync.targets import Recorded, Target
from secretsync.values import SecretValue
from worlds import Folder, Play, Token, World, copy, document, login, secret, subject

T = secret("t")
CAP = 300.0 + 5.0
"""The longest back-off, and the time that the work itself takes."""
WANTED, NEWER = {"A": b"1", "B": b"2"}, {"A": b"3"}


@define
class Scene:
    """A play with one object, and a fault that can be put on and taken away."""

    policy: Policy
    play: Play = field(init=False)
    broken: bool = False

    def __attrs_post_init__(self) -> None:
        self.play = Play(World(folders={"/a": document(A="1", B="2")}, token_ttl=600.0), chance=Random(1).random)
        self.play.check = lambda effects: self.unharmed()

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        if self.broken:
            ask(Folder(login(ask), "/a"))
            raise ZeroDivisionError
        return copy("/a", "t", policy=self.policy)(ask)

    def apply(self, *, deleted: bool = False) -> None:
        recorded = (Recorded(T, self.policy, "one"),) if T in self.play.world.targets else ()
        self.play.apply(subject(self.desired, deleted=deleted, recorded=recorded))

    def unharmed(self) -> None:
        assert not self.play.world.deleted
        assert all(self.play.world.data.values())

    def recovers(self, take_away: Callable[[], None], wanted: dict[str, bytes]) -> None:
        """Take the fault away at 1000, and check that all is right within the longest wait."""
        self.play.at(1000, take_away)
        self.play.run(1000 + CAP)
        assert self.play.last().ready
        assert self.play.world.data == {T: wanted}


Fault = Callable[[Scene], Callable[[], None]]
"""Puts a fault on; returns what takes it away."""


def answering(wire: Failed | Absent, kind: type = Folder) -> Fault:
    def put_on(scene: Scene) -> Callable[[], None]:
        scene.play.world.faults = lambda what, now: wire if isinstance(what, kind) else None  # type: ignore[assignment,return-value]
        scene.play.world.tokens.clear()
        return lambda: setattr(scene.play.world, "faults", lambda what, now: None)

    return put_on


def without_credentials(scene: Scene) -> Callable[[], None]:
    scene.play.world.rotate("creds", None)
    return lambda: scene.play.world.rotate("creds", "s3cr3t")


def refused_login(scene: Scene) -> Callable[[], None]:
    world = scene.play.world
    world.tokens.clear()
    world.refused = {SecretValue("s3cr3t")}
    return world.refused.clear


def defect(scene: Scene) -> Callable[[], None]:
    scene.broken = True

    def mended() -> None:
        scene.broken = False
        scene.play.apply(evolve(subject(scene.desired), spec=b"2"))  # a fault of ours ends with another release

    return mended


def failed(error: type, scope: Scope = Scope.QUERY, **more: float) -> Fault:
    wire = Failed(error("kms", "list secrets of /a", "no", **more), scope, more.get("retry_after", 0.0))
    return answering(wire)


FAULTS = {
    "unavailable": failed(Unavailable, Scope.HOST),
    "rate limited": failed(RateLimited, Scope.HOST, retry_after=60.0),
    "500": failed(Unavailable),
    "authentication failed": failed(AuthenticationFailed, Scope.CREDENTIAL),
    "forbidden": failed(Forbidden, Scope.SUSPECT),
    "value hidden": failed(ValueHidden),
    "wrong endpoint": failed(WrongEndpoint),
    "invalid request": failed(InvalidRequest),
    "absent path": answering(Absent(PathNotFound("kms", "list", "path not found"))),
    "absent project": answering(Absent(ProjectNotFound("kms", "list", "project not found"))),
    "login unavailable": answering(Failed(Unavailable("kms", "login", "HTTP 500")), Token),
    "login refused": refused_login,
    "credentials deleted": without_credentials,
    "defect": defect,
}
POLICIES = {"Owner": KMS_OWNER, "Orphan": KMS_ORPHAN}

faults = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
policies = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())


@policies
@faults
def test_during_the_first_sync(fault: Fault, policy: Policy) -> None:
    scene = Scene(policy)
    take_away = fault(scene)
    scene.apply()
    scene.play.run(1000)
    assert not scene.play.last().ready
    assert scene.play.world.data == {}
    scene.recovers(take_away, WANTED)


@policies
@faults
def test_after_a_sync(fault: Fault, policy: Policy) -> None:
    scene = Scene(policy)
    scene.apply()
    scene.play.run(30)
    take_away = fault(scene)
    scene.play.at(30, scene.apply)
    scene.play.run(1000)
    assert scene.play.world.data == {T: WANTED}
    scene.play.world.folders["/a"] = document(A="3")
    scene.recovers(take_away, NEWER)


@policies
@faults
@pytest.mark.parametrize("edit", [{"A": b"edited"}, None], ids=["edited", "removed"])
def test_while_the_target_is_tampered_with(fault: Fault, policy: Policy, edit: dict[str, bytes] | None) -> None:
    scene = Scene(policy)
    scene.apply()
    scene.play.run(30)
    take_away = fault(scene)
    tamper = (lambda: scene.play.world.put(T, edit, "one")) if edit else (lambda: scene.play.world.remove(T))
    scene.play.at(40, tamper)
    scene.play.run(1000)
    assert scene.play.world.data.get(T) in (edit, WANTED), "put right if what was known sufficed, else left"
    scene.recovers(take_away, WANTED)


@policies
@faults
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_during_a_deletion(fault: Fault, policy: Policy, *, restarted: bool) -> None:
    scene = Scene(policy)
    scene.apply()
    scene.play.run(30)
    fault(scene)
    scene.play.run(300)
    if restarted:
        scene.play = Play(scene.play.world)
        scene.play.now = 300.0
    scene.play.check = lambda effects: None
    scene.apply(deleted=True)
    scene.play.run(305)
    assert scene.play.last().gone, "no backend is asked"
    assert scene.play.world.deleted == ([T] if policy.owns else [])
    assert scene.play.world.data == ({} if policy.owns else {T: WANTED})


@pytest.mark.parametrize("fault", [FAULTS[name] for name in FAULTS if name != "defect"])
def test_while_a_target_is_renamed(fault: Fault) -> None:
    scene = Scene(KMS_OWNER)
    scene.apply()
    scene.play.run(30)
    take_away = fault(scene)
    scene.play.apply(subject(copy("/a", "u", policy=KMS_OWNER), spec=b"2"), at=100)
    scene.play.run(1000)
    assert scene.play.world.data == {T: WANTED}, "the old one goes with its successor's coming, not before"
    scene.play.check = lambda effects: None
    scene.play.at(1000, take_away)
    scene.play.run(1000 + CAP)
    assert scene.play.world.data == {secret("u"): WANTED}
