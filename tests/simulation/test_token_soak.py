"""Sixty days of tokens in virtual time: all limits a server can set, restarts, revocations, wrong secrets, wrong clocks.

One client of the real engine and the real KMS backend reads a folder as each of several identities, of which each has
limits of its own. Nobody who asks ever learns of a token's end, and nobody logs in without need.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from random import Random

import pytest
from attrs import define, evolve, field, frozen

from secretsync.auth.universal import UniversalAuth
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.queries import Folder
from secretsync.client_policy import OPERATOR, SDK, ClientPolicy
from secretsync.devserver.faults import Fault
from secretsync.devserver.routing import Call, Reply
from secretsync.devserver.seed import parse_seed
from secretsync.digest import Digester
from secretsync.errors import AuthenticationFailed
from secretsync.mailbox import CALLER, KIND, Given, Mailbox
from secretsync.policies import DELIVERY
from secretsync.queries import Identity
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Applied, Report, Subject
from secretsync.runtime.executor import Executor
from secretsync.runtime.proofs import LocalProofs
from secretsync.targets import Ref, Target
from secretsync.testing.driver import VirtualDriver
from secretsync.testing.kms import VirtualHttp, VirtualKMS
from secretsync.testing.world import Life, World, WorldClock
from secretsync.values import Flatten, SecretValue

URL = "https://kms.example"
DAY = 86400.0
INTERVAL = 1800.0


@frozen
class Shape:
    """Limits of an identity's tokens, and how soon after another one a login is no waste."""

    limits: str
    least: Mapping[str, float]
    uses: int = 0


def shape(limits: str, *, sdk: float, operator: float, uses: int = 0) -> Shape:
    return Shape(limits, {"sdk": sdk, "operator": operator}, uses)


# An SDK renews at two thirds of a life, the operator logs in again at four fifths, both up to a twentieth earlier. A
# check comes each half hour, so that what lives for less is replaced at each. Of a life that is not told an hour counts.
SHAPES = {
    "common": shape("ttl: 7200, maxTtl: 86400", sdk=0.8 * 86400, operator=0.76 * 7200),
    "short": shape("ttl: 600, maxTtl: 86400", sdk=0.63 * 600, operator=0.76 * 600),
    "ttl is the maximum": shape("ttl: 14400, maxTtl: 14400", sdk=0.63 * 14400, operator=0.76 * 14400),
    "no maximum": shape("ttl: 7200, maxTtl: 0", sdk=100 * DAY, operator=0.76 * 7200),
    "no limit": shape("ttl: 0, maxTtl: 0", sdk=0.63 * 3600, operator=0.76 * 3600),
    "periodic": shape("ttl: 600, maxTtl: 600, period: 7200", sdk=100 * DAY, operator=0.76 * 7200),
    "odd maximum": shape("ttl: 7000, maxTtl: 50001", sdk=0.7 * 50001, operator=0.76 * 7000),
    "few uses": shape("ttl: 86400, maxTtl: 0, usesLimit: 6", sdk=4 * INTERVAL, operator=4 * INTERVAL, uses=6),
}
NAMES = tuple(SHAPES)


def seed(style: str) -> str:
    identities = "\n".join(
        f"  - {{id: {n}, universal: {{clientId: '{n}', clientSecret: canary, {SHAPES[name].limits}}}, grants: [{{project: p}}]}}"
        for n, name in enumerate(NAMES)
    )
    return f"""
projects: [{{id: p, slug: p, environments: [prod]}}]
tokens: {{{style}}}
identities:
{identities}
secrets: {{p: {{prod: {{/: {{A: a}}}}}}}}
"""


@define
class Soak:
    """The world, its KMS, and a client that may be killed and begun anew.

    Attributes:
        logins: When each identity logged in, since the last event that called for it.
        waste: What need not have been asked.
        troubles: What callers were told.
    """

    policy: ClientPolicy
    style: str
    wrong: float = 0.0
    world: World = field(factory=lambda: World(seed=1))
    random: Random = field(factory=lambda: Random(7))
    logins: dict[str, list[float]] = field(factory=lambda: defaultdict(list))
    troubles: list[tuple[float, str, Exception]] = field(factory=list)
    states: dict[str, bool] = field(factory=dict)
    waste: list[str] = field(factory=list)
    needed_at: float = 0.0
    kms: VirtualKMS = field(init=False)
    life: Life = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.kms = VirtualKMS(parse_seed(seed(self.style)), world=self.world, entropy=self.random.randbytes)
        self.kms.met = self.met
        self.kms.answered = self.answered
        self.life = Life("client")
        self.begin()

    def met(self, call: Call, route: str, fault: Fault | None) -> None:
        if route == "login":
            self.login(NAMES[int(json.loads(call.body)["clientId"])])

    def login(self, name: str) -> None:
        kind = "sdk" if self.policy.renews else "operator"
        before, now = self.logins[name], self.world.now
        if before and now < before[-1] + SHAPES[name].least[kind]:
            self.waste.append(f"{name}: logins at {before[-1]:.0f} and {now:.0f}")
        before.append(now)

    def answered(self, call: Call, reply: Reply) -> None:
        """Only what somebody has just revoked may be refused."""
        if reply.status in {401, 403} and self.world.now > self.needed_at + 2 * INTERVAL:
            self.waste.append(f"{call.path}: refused at {self.world.now:.0f}")

    def needed(self) -> None:
        """From now on every identity may log in again."""
        self.logins.clear()
        self.needed_at = self.world.now

    def begin(self) -> None:
        self.needed()
        clock, digest = WorldClock(self.world, ahead=self.random.random() * DAY, wrong=self.wrong), Digester(b"key")
        http = VirtualHttp({URL: self.kms}, world=self.world, policy=self.policy, clock=clock, latency=lambda: 0.05)
        given = {Given(name): credentials(n) for n, name in enumerate(NAMES)}
        mailbox = Mailbox(given, digest=digest)
        backends = [KMSBackend(http, self.policy, self.random.random, proofs=LocalProofs()), mailbox]
        executor = Executor(clock=clock, backends=backends, places=[mailbox], report=self.reported)
        engine = Engine(digest=digest, chance=self.random.random, limit=lambda host: 16)
        driver = VirtualDriver(engine, executor, world=self.world, clock=clock, life=self.life)
        for name in NAMES:
            driver.send(Applied(Subject(name, CALLER, partial(desired, name), b"", INTERVAL)))

    def kill(self) -> None:
        self.life.end()
        self.life = Life("client")

    def reported(self, report: Report) -> None:
        self.states[report.key] = report.outcome.ready
        self.troubles += [(self.world.now, report.key, error) for error in report.outcome.errors]

    def run(self, seconds: float) -> None:
        self.world.run(self.world.now + seconds)


def credentials(n: int) -> Mapping[str, SecretValue]:
    return {"clientId": SecretValue(str(n)), "clientSecret": SecretValue("canary")}


def desired(name: str, ask: Ask) -> tuple[Target, ...]:
    source = Given(name)
    identity = Identity(URL, UniversalAuth(uses=SHAPES[name].uses), source, ask.digest(source))
    content = ask(Folder(identity, "p", "prod", "/")).value.fields(Flatten())
    return (Target(Ref(CALLER, KIND, name), content, DELIVERY, mark=name),)


@pytest.fixture
def soak() -> Iterator[list[Soak]]:
    made: list[Soak] = []
    yield made
    for one in made:
        one.world.close()


@pytest.mark.row("kms-api-4")
@pytest.mark.parametrize(
    ("policy", "style"),
    [(SDK, ""), (SDK, "renewal: legacy, strict: true"), (OPERATOR, 'renewal: legacy, expired: "401"')],
    ids=["sdk, stateless", "sdk, legacy", "operator, legacy"],
)
def test_sixty_days_without_a_word_about_tokens(soak: list[Soak], policy: ClientPolicy, style: str) -> None:
    one = Soak(policy, style, wrong=300.0)
    soak.append(one)
    for day in range(60):
        one.run(one.random.random() * DAY)
        if day % 7 == 3:
            one.kms.model.revoke_tokens()
            one.needed()
        elif day % 7 == 5:
            one.kill()
            one.begin()
        elif day % 7 == 6:
            one.kms.model.expire_tokens()
            one.needed()
    assert one.troubles == []
    assert one.waste == []
    assert one.states == dict.fromkeys(NAMES, True)


@pytest.mark.parametrize("policy", [SDK, OPERATOR], ids=["sdk", "operator"])
def test_a_wrong_secret_is_sent_rarely_and_the_right_one_works_at_once_again(
    soak: list[Soak], policy: ClientPolicy
) -> None:
    one = Soak(policy, "")
    soak.append(one)
    one.run(DAY)
    right = one.kms.model.identities.get("0")
    assert right is not None
    assert right.universal is not None
    one.kms.model.replace_identity(evolve(right, universal=evolve(right.universal, client_secret=SecretValue("new"))))
    one.kms.model.revoke_tokens()
    one.needed()
    one.run(DAY)
    sent = one.logins[NAMES[0]]
    assert len(sent) > 10
    assert min(after - before for before, after in pairwise(sent)) >= 30.0
    assert {(key, type(error)) for _, key, error in one.troubles} == {(NAMES[0], AuthenticationFailed)}
    one.kms.model.replace_identity(right)
    one.run(2 * INTERVAL)
    assert one.states == dict.fromkeys(NAMES, True)
