"""A storm: random faults for two virtual hours, and what must hold in every one of its moments."""

from __future__ import annotations

from random import Random

import pytest
from attrs import define, field

from secretsync.errors import RateLimited, TargetMoved, Unavailable
from secretsync.policies import KMS_OWNER
from secretsync.queries import Failed, Scope
from secretsync.reconcile.messages import Effect, Fetch
from secretsync.targets import Create, Delete, Ref, Update
from worlds import DOWN, Play, Token, World, copy, document, secret, subject

HOURS = 2.0
OBJECTS, FOLDERS = 20, 7
OUTAGES = [
    DOWN,
    Failed(RateLimited("kms", "read", "slow down", retry_after=30.0), Scope.HOST, 30.0),
    Failed(Unavailable("kms", "read", "HTTP 500")),
]
FLICKER = Failed(Unavailable("kms", "read", "HTTP 503"))


@define
class Storm:
    """Objects, and a random sequence of outages, changes, edits, rotations and killed tokens."""

    seed: int
    random: Random = field(init=False)
    play: Play = field(init=False)
    outages: dict[str, tuple[float, Failed]] = field(factory=dict)
    calm: bool = False
    born: set[Ref] = field(factory=set)
    logins: list[float] = field(factory=list)
    upheavals: int = 0

    def __attrs_post_init__(self) -> None:
        self.random = Random(self.seed)
        world = World(self.faults, token_ttl=1800.0, folders={f"/{n}": self.content() for n in range(FOLDERS)})
        self.play = Play(world, chance=self.random.random, check=self.check, limits={"kms": 4, "cluster": 8})
        for n in range(OBJECTS):
            one = subject(copy(f"/{n % FOLDERS}", f"t{n}", policy=KMS_OWNER, mark=f"o{n}"), key=f"o{n}")
            self.play.apply(one, at=self.random.uniform(0, 30))

    # -- what happens

    def blow(self, until: float) -> None:
        time = 30.0
        while (time := time + self.random.expovariate(1 / 120)) < until:
            self.play.at(
                time, self.random.choice([self.outage, self.change, self.kill, self.edit, self.rotate, self.lag])
            )

    def outage(self) -> None:
        until = self.play.now + self.random.uniform(5, 600)
        self.outages[self.random.choice(["kms", "cluster"])] = (until, self.random.choice(OUTAGES))

    def change(self) -> None:
        self.play.world.folders[f"/{self.random.randrange(FOLDERS)}"] = self.content()

    def kill(self) -> None:
        self.upheavals += 1
        self.play.world.tokens.clear()

    def edit(self) -> None:
        ref = secret(f"t{self.random.randrange(OBJECTS)}")
        if live := self.play.world.targets.get(ref):
            self.play.world.put(ref, {"K0": b"edited"}, live.mark)

    def rotate(self) -> None:
        self.upheavals += 1
        self.play.world.rotate("creds", str(self.random.random()))

    def lag(self) -> None:
        self.play.late[self.random.choice(["kms", "cluster"])] = self.random.choice([0.01, 0.05, 2.0, 20.0])

    def content(self):
        return document(**{f"K{n}": str(self.random.random()) for n in range(5)})

    def faults(self, what: object, now: float) -> Failed | None:
        host = "cluster" if isinstance(what, Create | Update | Delete) else getattr(what, "host", "")
        until, failed = self.outages.get(host, (0.0, FLICKER))
        if now < until:
            return failed
        if self.calm or self.random.random() > 0.02:
            return None
        return Failed(TargetMoved("moved")) if isinstance(what, Update) and self.random.random() < 0.5 else FLICKER

    # -- what must hold

    def check(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Fetch) and isinstance(effect.queries[0], Token):
                self.logins.append(self.play.now)
        world = self.play.world
        assert all(world.data.values()), "a target was emptied"
        self.born |= world.data.keys()
        assert not world.deleted, "a target was deleted"
        assert world.data.keys() == self.born, "a target vanished"
        assert all(entry.holders >= 0 for entry in self.play.engine._store)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_harmed_and_everything_ends_well(seed: int) -> None:
    storm, end = Storm(seed), HOURS * 3600
    storm.blow(end - 60)
    storm.play.run(end)
    storm.calm, play, world = True, storm.play, storm.play.world
    storm.outages.clear()
    play.late.clear()
    play.run(end + 1200)
    for n in range(OBJECTS):
        wanted = {row.key: row.value.reveal() for row in world.folders[f"/{n % FOLDERS}"].rows}
        assert world.data[secret(f"t{n}")] == wanted
        assert play.last(f"o{n}").ready
    writes, told = world.counts["writes"], {key: len(outcomes) for key, outcomes in play.reports.items()}
    play.run(end + 3 * 3600)
    assert world.counts["writes"] == writes, "quiet is quiet"
    assert {key: len(outcomes) for key, outcomes in play.reports.items()} == told
    assert all(entry.holders == 0 for entry in play.engine._store)
    assert len(play.engine._store) < 100
    assert len(storm.logins) <= 3 * storm.upheavals + end / 60
