"""What the development KMS starts with: the YAML seed of kms-api §14, and `imports` on folders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeVar

from attrs import asdict, field

from ..classes import frozen
from ..config import Flaw, load, load_file
from ..values import SecretValue
from .addresses import unreadable
from .clouds import Clouds
from .durations import seconds
from .methods import Aws, Azure, Gcp, GivenTokens, Kubernetes, Ldap, Limits, Oci, Signed, Universal
from .tokens import TokenStyle

T = TypeVar("T")

Action = Literal["read", "describe", "write", "lease", "subscribe"]
"""`describe` is to see which secrets there are; `write` changes secrets, folders, imports and dynamic secrets."""

_SERVICE_TOKEN: Final = re.compile(rb"st\.[^.]+\.[^.]+")

PermissionStyle = Literal["node", "go"]
"""How a server tells that something may not be read: the elder refuses more, the newer hides more (kms-api §4.6)."""


@frozen
class Organization:
    slug: str = "dev"


@frozen
class Tag:
    """What secrets of a project can be marked with; clients filter by its slug."""

    id: str
    slug: str
    color: str = ""


@frozen
class Project:
    id: str
    slug: str
    environments: tuple[str, ...] = ("dev", "staging", "prod")
    tags: tuple[Tag, ...] = ()


@frozen
class Grant:
    """What an identity may do where: `project` by id or slug, `env` and `path` as globs (`/app/**` holds `/app` too)."""

    project: str
    env: str = "*"
    path: str = "/**"
    actions: tuple[Action, ...] = ("read",)


@frozen
class Identity:
    id: str
    universal: Universal | None = None
    kubernetes: Kubernetes | None = None
    jwt: Signed | None = None
    oidc: Signed | None = None
    ldap: Ldap | None = None
    aws: Aws | None = None
    azure: Azure | None = None
    gcp: Gcp | None = None
    oci: Oci | None = None
    token: GivenTokens | None = None
    grants: tuple[Grant, ...] = ()


@frozen
class ServiceScope:
    """An environment, and the folders of it as a glob."""

    environment: str
    secret_path: str = "/**"  # noqa: S105 - the path of folders


@frozen
class ServiceToken:
    """A token of a project, without an identity: `st.ID.SECRET`, `project` by id or slug."""

    token: SecretValue
    project: str
    name: str = "service token"
    scopes: tuple[ServiceScope, ...] = ()
    actions: tuple[Action, ...] = ("read",)


@frozen
class Import:
    """One import of a folder: another folder of the same project."""

    environment: str
    path: str


@frozen
class Detail:
    """What stands beside a secret's value: `tags` are slugs of the project's."""

    comment: str = field(default="", repr=False)
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(factory=dict, repr=False)
    skip_multiline_encoding: bool = False


@frozen
class Policy:
    """A path whose changes somebody must approve: `project` by id or slug, `env` and `path` as globs."""

    project: str
    env: str = "*"
    path: str = "/**"


@frozen
class Dynamic:
    """A dynamic secret; times as `90s` or `2h`, no `max_leases` is no limit."""

    type: str = "sql-database"
    default_ttl: str = "1h"
    max_ttl: str = "24h"
    max_leases: int = 0


@frozen
class Webhook:
    """Who is told of changes in a project (by id or slug) and where: `env` and `path` are globs.

    Attributes:
        secret: Signs what is sent; unsigned without one.
    """

    project: str
    url: str
    secret: SecretValue | None = None
    env: str = "*"
    path: str = "/**"


RenewalText = Literal["legacy", "new"]
"""How a renewal of a lease beyond its maximum is refused: clients compare the elder text (kms-api §7)."""

Secrets = Mapping[str, Mapping[str, Mapping[str, Mapping[str, SecretValue]]]]
"""By project slug, environment, folder path and key."""

Details = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Detail]]]]
"""By project slug, environment, folder path and key of a secret."""

DynamicSecrets = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Dynamic]]]]
"""By project slug, environment, folder path and name."""

Imports = Mapping[str, Mapping[str, Mapping[str, tuple[Import, ...]]]]
"""By project slug, environment and folder path, in the order in which they stand on the folder."""


@frozen
class Seed:
    organization: Organization = Organization()
    tokens: TokenStyle = field(factory=TokenStyle)
    projects: tuple[Project, ...] = ()
    identities: tuple[Identity, ...] = ()
    service_tokens: tuple[ServiceToken, ...] = ()
    clouds: Clouds = field(factory=Clouds)
    secrets: Secrets = field(factory=dict)
    details: Details = field(factory=dict)
    imports: Imports = field(factory=dict)
    dynamic_secrets: DynamicSecrets = field(factory=dict)
    policies: tuple[Policy, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    permissions: PermissionStyle = "node"
    renewals: RenewalText = "legacy"


def load_seed(path: Path | str) -> Seed:
    """Return the seed in a file.

    Raises:
        InvalidInput: With every problem and its line and column.
    """
    return load_file(path, Seed, check=_check)


def parse_seed(text: str, *, source: str = "seed") -> Seed:
    """Return the seed in a text, as `load_seed` does."""
    return load(text, Seed, source=source, check=_check)


def _check(seed: Seed) -> Iterator[Flaw]:
    """Find what names something that is not there, and what is there twice."""
    yield from _twice("projects", "id", (project.id for project in seed.projects))
    yield from _twice("projects", "slug", (project.slug for project in seed.projects))
    yield from _twice("identities", "id", (identity.id for identity in seed.identities))
    clients = (one.universal.client_id if one.universal else None for one in seed.identities)
    yield from _twice("identities", "universal", clients)
    yield from _projects(seed)
    yield from _addressed(seed)
    trees = {"secrets": seed.secrets, "details": seed.details, "imports": seed.imports}
    for name, tree in {**trees, "dynamicSecrets": seed.dynamic_secrets}.items():
        yield from _folders(seed, name, tree)
    yield from _imported(seed)
    yield from _detailed(seed)
    yield from _leased(seed)
    yield from _service_tokens(seed)


def _twice(where: str, what: str, names: Iterable[str | None]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for n, name in enumerate(names):
        if name in seen:
            yield Flaw((where, n, what), "taken by an earlier one; each needs its own")
        if name is not None:
            seen.add(name)


def _projects(seed: Seed) -> Iterator[Flaw]:
    known = {name for project in seed.projects for name in (project.id, project.slug)}
    for n, policy in enumerate(seed.policies):
        if policy.project not in known:
            yield Flaw(("policies", n, "project"), "no such project in this seed")
    for n, hook in enumerate(seed.webhooks):
        if hook.project not in known:
            yield Flaw(("webhooks", n, "project"), "no such project in this seed")
        if not hook.url.startswith(("http://", "https://")):
            yield Flaw(("webhooks", n, "url"), 'an address begins with "http://" or "https://"')
    for n, identity in enumerate(seed.identities):
        for m, grant in enumerate(identity.grants):
            if grant.project not in known:
                yield Flaw(("identities", n, "grants", m, "project"), "no such project in this seed")


def _addressed(seed: Seed) -> Iterator[Flaw]:
    for n, identity in enumerate(seed.identities):
        for name, method in asdict(identity, recurse=False).items():
            if not isinstance(method, Limits):
                continue
            lists = {"accessTokenTrustedIps": method.access_token_trusted_ips}
            if isinstance(method, Universal):
                lists["clientSecretTrustedIps"] = method.client_secret_trusted_ips
            for key, networks in lists.items():
                if wrong := unreadable(networks):
                    yield Flaw(("identities", n, name, key), f"{wrong}: no address and no network as 10.0.0.0/8")


def _folders(seed: Seed, name: str, tree: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Iterator[Flaw]:
    environments = {project.slug: project.environments for project in seed.projects}
    for slug, by_environment in tree.items():
        if slug not in environments:
            yield Flaw((name, slug), "no project with this slug in this seed")
            continue
        for environment, folders in by_environment.items():
            if environment not in environments[slug]:
                yield Flaw((name, slug, environment), "the project has no such environment")
            yield from (
                Flaw((name, slug, environment, path), 'a folder begins with "/"')
                for path in folders
                if not path.startswith("/")
            )


def _imported(seed: Seed) -> Iterator[Flaw]:
    environments = {project.slug: project.environments for project in seed.projects}
    for slug, by_environment in seed.imports.items():
        for environment, folders in by_environment.items():
            for path, imports in folders.items():
                for n, one in enumerate(imports):
                    at = ("imports", slug, environment, path, n)
                    if one.environment not in environments.get(slug, (one.environment,)):
                        yield Flaw((*at, "environment"), "the project has no such environment")
                    if not one.path.startswith("/"):
                        yield Flaw((*at, "path"), 'a folder begins with "/"')


def _detailed(seed: Seed) -> Iterator[Flaw]:
    tags = {project.slug: {tag.slug for tag in project.tags} for project in seed.projects}
    for slug, environment, path, details in leaves(seed.details):
        secrets = seed.secrets.get(slug, {}).get(environment, {}).get(path, {})
        for key, detail in details.items():
            at = ("details", slug, environment, path, key)
            if key not in secrets:
                yield Flaw(at, "no such secret in this seed")
            if unknown := [tag for tag in detail.tags if tag not in tags.get(slug, ())]:
                yield Flaw((*at, "tags"), f"the project has no tag {', '.join(unknown)}")


def _leased(seed: Seed) -> Iterator[Flaw]:
    for slug, environment, path, secrets in leaves(seed.dynamic_secrets):
        for name, one in secrets.items():
            for key, text in (("defaultTtl", one.default_ttl), ("maxTtl", one.max_ttl)):
                if seconds(text) is None:
                    at = ("dynamicSecrets", slug, environment, path, name, key)
                    yield Flaw(at, "no duration; write it as 90s, 2h or 7d")


def leaves(tree: Mapping[str, Mapping[str, Mapping[str, T]]]) -> Iterator[tuple[str, str, str, T]]:
    """Yield what stands in folders, with project, environment and path before it."""
    for project, by_environment in tree.items():
        for environment, folders in by_environment.items():
            for path, leaf in folders.items():
                yield project, environment, path, leaf


def _service_tokens(seed: Seed) -> Iterator[Flaw]:
    known = {name for project in seed.projects for name in (project.id, project.slug)}
    for n, one in enumerate(seed.service_tokens):
        if one.project not in known:
            yield Flaw(("serviceTokens", n, "project"), "no such project in this seed")
        if not _SERVICE_TOKEN.fullmatch(one.token.reveal()):
            yield Flaw(("serviceTokens", n, "token"), 'a service token has three parts between dots, the first is "st"')
