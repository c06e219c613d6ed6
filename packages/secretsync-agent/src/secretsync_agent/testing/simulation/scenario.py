"""Who is there when a life of an agent begins: a KMS with folders and dynamic secrets, and the agent's configuration.

Paths are relative: a life has a folder of its own as its working directory, and is the same wherever that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final, TypeVar

from attrs import field

from secretsync.classes import frozen
from secretsync.devserver.methods import Universal
from secretsync.devserver.seed import Dynamic, Grant, Identity, Project, Seed
from secretsync.values import SecretValue

from ...settings import Auth, File, LeaseCache, LeaseStrategy, Settings, Sink, Template

T = TypeVar("T")

HOST: Final = "https://kms.example"
PROJECT: Final = Project("id-shop", "shop", ("prod",))
ENVIRONMENT: Final = "prod"
CANARY: Final = "CANARY"
"""How every secret value begins that people made."""
CACHE: Final = "cache"
CLIENT_ID: Final = "client"
_LIFE_OF_A_TOKEN: Final = 7200
_TTLS: Final = {"1m": 60.0, "5m": 300.0, "1h": 3600.0}
_INTERVALS: Final = (60.0, 120.0, 300.0)
_LONGEST: Final = {"1m": "3m", "5m": "20m", "1h": "2h"}
"""How long a lease may become by renewals."""
_WRONG: Final = (0.0, 300.0, -300.0)
"""Seconds by which the machine's wall clock is ahead."""


@frozen
class Loan:
    """What a template asks to be lent: the same of two templates is one lease."""

    name: str
    ttl: str

    def __str__(self) -> str:
        return f"{self.name} for {self.ttl}"

    @property
    def life(self) -> float:
        """Seconds that a lease of it lives."""
        return _TTLS[self.ttl]


@frozen
class Page:
    """A file that a template makes.

    Attributes:
        loans: What it is lent.
        folders: Whose secrets it lists.
        needed: Secrets of the root that it names; one that is missing fails it.
        source: Where its template stands, if it has a file of its own.
    """

    number: int
    interval: float
    loans: tuple[Loan, ...] = ()
    folders: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    source: str = ""

    @property
    def name(self) -> str:
        return f"page-{self.number}"

    @property
    def text(self) -> str:
        """Its template: each line of what it makes says what it is."""
        lent = "".join(
            f'{{{{ with dynamic_secret "{PROJECT.slug}" "{ENVIRONMENT}" "/" "{loan.name}" "{loan.ttl}" }}}}'
            f"lent {loan.name} {loan.ttl} {{{{ .DB_USERNAME }}}} {{{{ .DB_PASSWORD }}}}\n{{{{ end }}}}"
            for loan in self.loans
        )
        listed = "".join(
            f'{{{{ range secret "{PROJECT.id}" "{ENVIRONMENT}" "{folder}" }}}}'
            f"listed {folder} {{{{ .Key }}}} {{{{ .Value }}}}\n{{{{ end }}}}"
            for folder in self.folders
        )
        named = "".join(
            f'{{{{ with getSecretByName "{PROJECT.id}" "{ENVIRONMENT}" "/" "{name}" }}}}'
            f"needed {name} {{{{ .Value }}}}\n{{{{ end }}}}"
            for name in self.needed
        )
        return f"{lent}{listed}{named}end\n"


@frozen
class Scenario:
    """What a life begins with.

    Attributes:
        pages: The files that templates make.
        folders: What is in each folder, by key; that of the root holds what is named.
        cache: Leases outlive the process.
        renews: Leases are renewed as long as the KMS lets them be.
        revokes: Leases and tokens end with the agent, where it is asked to end.
        wrong: Seconds by which the machine's wall clock is ahead of the KMS's.
    """

    pages: tuple[Page, ...]
    folders: Mapping[str, Mapping[str, str]] = field(repr=False)
    cache: bool = True
    renews: bool = False
    revokes: bool = False
    wrong: float = 0.0

    @property
    def loans(self) -> tuple[Loan, ...]:
        """All that is lent, each once."""
        return tuple(dict.fromkeys(loan for page in self.pages for loan in page.loans))

    @property
    def longest(self) -> float:
        """The longest interval in seconds."""
        return max((page.interval for page in self.pages), default=_INTERVALS[-1])

    def seed(self) -> Seed:
        """Return what the KMS begins with."""
        secrets = {path: {key: SecretValue(text) for key, text in rows.items()} for path, rows in self.folders.items()}
        dynamic = {
            loan.name: Dynamic("sql-database", default_ttl=loan.ttl, max_ttl=_LONGEST[loan.ttl]) for loan in self.loans
        }
        return Seed(
            projects=(PROJECT,),
            identities=(identity(client_secret(0)),),
            secrets={PROJECT.slug: {ENVIRONMENT: secrets}},
            dynamic_secrets={PROJECT.slug: {ENVIRONMENT: {"/": dynamic}}},
        )

    def settings(self) -> Settings:
        """Return what the agent is told."""
        return Settings(
            address=HOST,
            auth=Auth("universal-auth", {"client-id": File("client-id"), "client-secret": File("client-secret")}),
            sinks=(Sink("token"),),
            templates=tuple(map(_template, self.pages)),
            revoke_on_shutdown=self.revokes,
            cache=LeaseCache(CACHE, "cache-key") if self.cache else None,
            lease_strategy=LeaseStrategy.RENEW if self.renews else LeaseStrategy.REPLACE,
        )


def _template(page: Page) -> Template:
    text = "" if page.source else page.text
    return Template(page.number, page.name, source=page.source, text=text, interval=page.interval)


def client_secret(generation: int) -> str:
    return f"{CANARY}.login.{generation}"


def identity(secret: str, *, grants: bool = True) -> Identity:
    """Return the agent's identity as the KMS knows it, without rights if asked to."""
    universal = Universal(CLIENT_ID, SecretValue(secret), ttl=_LIFE_OF_A_TOKEN)
    granted = (Grant(PROJECT.slug, actions=("read", "lease")),) if grants else ()
    return Identity("agent", universal, grants=granted)


def value(folder: str, key: str, generation: int = 0) -> str:
    """Return a secret value that says where it belongs."""
    return f"{CANARY}.{folder.strip('/')}.{key}.{generation}"


# -- drawn


def draw(random: Random) -> Scenario:
    """Return a scenario: templates of several intervals, some of which are lent the same."""
    folders = {f"/folder-{n}": _rows(random, f"/folder-{n}") for n in range(3)}
    needed = {f"NEEDED_{n}": value("/", f"NEEDED_{n}") for n in range(3)}
    loans = tuple(Loan(f"db-{n}", _one(random, tuple(_TTLS))) for n in range(1 + int(random.random() * 3)))
    pages = tuple(
        _page(random, n, loans, tuple(folders), tuple(needed)) for n in range(1, 3 + int(random.random() * 4))
    )
    return Scenario(
        pages,
        {**folders, "/": needed},
        cache=random.random() < 0.7,  # noqa: PLR2004 - two of three
        renews=random.random() < 0.3,  # noqa: PLR2004 - one of three
        revokes=random.random() < 0.5,  # noqa: PLR2004 - one half
        wrong=_one(random, _WRONG),
    )


def _rows(random: Random, folder: str) -> dict[str, str]:
    keys = [f"KEY_{n}" for n in range(3 + int(random.random() * 4))]
    return {key: value(folder, key) for key in keys}


def _page(random: Random, number: int, loans: Sequence[Loan], folders: Sequence[str], needed: Sequence[str]) -> Page:
    return Page(
        number,
        _one(random, _INTERVALS),
        loans=_some(random, loans, 0.7),
        folders=_some(random, folders, 0.4),
        needed=_some(random, needed, 0.3),
        source=f"page-{number}.tmpl" if random.random() < 0.5 else "",  # noqa: PLR2004 - one half
    )


def _some(random: Random, among: Sequence[T], part: float) -> tuple[T, ...]:
    return tuple(one for one in among if random.random() < part)


def _one(random: Random, among: Sequence[T]) -> T:
    return among[int(random.random() * len(among))]
