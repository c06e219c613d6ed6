"""The KMS in memory: what it knows, what it lets whom read, and how it changes. No HTTP in here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import Lock

from attrs import evolve

from ..clock import Clock
from ..values import SecretValue
from .authority import Authority
from .dynamic import Book, Leasing, Provider
from .entropy import Entropy
from .feed import Feed
from .folders import Folders
from .identities import Identities
from .logins.means import Means
from .reading import EVERYTHING, UNFILTERED, Filter, Listing, Reading, Row, View
from .references import Location
from .refusals import no_environment, no_folder_id, no_project, no_secret_id, not_a_member
from .rights import Rights
from .seed import Detail, Identity, PermissionStyle, Project, RenewalText, Seed, leaves
from .tokens import Login
from .tree import Content, Event, Metadatum, Tree, clean
from .webhooks import Webhooks
from .writing import Writing


class KMS:
    """One organisation's projects, identities and secrets. Safe to call from several threads.

    Reads take who asks and raise `Refusal` as the server would answer. `put`, `delete` and `create_folder` are for
    whoever runs the server (a test, the control API): nobody is asked whether they may; they name projects by id or
    slug.

    Attributes:
        started: When it began, which is the age of everything the seed brought.
        organization: The slug.
        identities: Who may ask, with their tokens.
        means: What proofs of logins are checked with.
        permissions: How it tells that something may not be read; may be changed at any time.
        renewals: How it refuses to renew a lease for too long; may be changed at any time.
        feed: Who is told of changes as they happen.
        webhooks: Who is told by requests of the server's; these are sent while it runs.
        provider: What makes and takes back the credentials of leases.
    """

    def __init__(self, seed: Seed, *, clock: Clock, entropy: Entropy) -> None:
        self._lock = Lock()
        self._clock = clock
        self._rights_revision = 0
        self.started: datetime = clock.now()
        self.organization: str = seed.organization.slug
        self.permissions: PermissionStyle = seed.permissions
        self._projects = seed.projects
        self._by_slug = {project.slug: project for project in seed.projects}
        self.identities: Identities = Identities(seed, clock=clock, entropy=entropy)
        self.means: Means = Means(clock, Authority(clock=clock), seed.clouds)
        self._policies = seed.policies
        self.renewals: RenewalText = seed.renewals
        self.feed: Feed = Feed(clock.now)
        self.webhooks: Webhooks = Webhooks(seed.projects)
        self._tree = Tree(clock=clock, entropy=entropy, hear=self._publish)
        self._book = Book(clock=clock, entropy=entropy, new_id=self._tree.new_id)
        self.provider: Provider = self._book.provider
        self._sow(seed)
        for hook in seed.webhooks:
            self.webhooks.add(hook)

    def now(self) -> datetime:
        """Return what time it is there."""
        return self._clock.now()

    @property
    def revision(self) -> int:
        """Counts the changes of what anybody may read; tokens may end all the same."""
        return self._tree.revision + self._rights_revision

    # -- who asks

    def login(self, *, client_id: str, client_secret: SecretValue) -> Login:
        """Return a new access token; see `Identities.login`."""
        return self.identities.login(client_id=client_id, client_secret=client_secret)

    def identify(self, token: SecretValue, *, address: str = "") -> Identity:
        """Return whose token it is; see `Identities.of`."""
        return self.identities.of(token, address=address)

    def admits(self, token: SecretValue) -> bool:
        """Return whether a token is good now."""
        return self.identities.admits(token)

    def revoke_tokens(self) -> int:
        """Refuse all tokens issued so far with 401; return how many logins' it were."""
        return self.identities.revoke_all()

    def expire_tokens(self) -> None:
        """Let all tokens issued so far end now: refused with 403 TokenError."""
        self.identities.expire_all()

    def replace_identity(self, identity: Identity) -> None:
        """Have another identity of the same id: other credentials, other grants. Its tokens stay good."""
        self.identities.replace(identity)
        with self._lock:
            self._rights_revision += 1

    # -- reads

    def project(self, who: Identity, *, id: str = "", slug: str = "") -> Project:  # noqa: A002 - as the API names it
        """Return a project by id, or by slug if there is no id.

        Raises:
            Refusal: There is none (404), or the identity is no member of it (403).
        """
        wanted = [one for one in self._projects if (one.id == id if id else one.slug == slug)]
        if not wanted:
            raise no_project(id=id, slug=slug)
        if not Rights(who, wanted[0]).member():
            raise not_a_member()
        return wanted[0]

    def projects(self, who: Identity) -> tuple[Project, ...]:
        """Return the projects that the identity is a member of."""
        return tuple(one for one in self._projects if Rights(who, one).member())

    def list_secrets(
        self,
        who: Identity,
        project: Project,
        *,
        environment: str,
        path: str = "/",
        recursive: bool = False,
        view: View = EVERYTHING,
        only: Filter = UNFILTERED,
    ) -> Listing:
        """Return the secrets of a folder; what the identity has no grant for is left out (kms-api §4.6).

        Raises:
            Refusal: No such folder or environment, or what is asked for may not be read.
        """
        if recursive and environment not in project.environments:
            raise no_environment(environment)
        with self._reading(who, project, view) as reading:
            return reading.list(Location(project.id, environment, clean(path)), recursive=recursive, only=only)

    def get_secret(
        self,
        who: Identity,
        project: Project,
        name: str,
        *,
        environment: str,
        path: str = "/",
        view: View = EVERYTHING,
        version: int | None = None,
    ) -> Row:
        """Return one secret: the folder's own, else the last import's that has it; None is its latest version.

        Raises:
            Refusal: No such folder, secret or version, or it may not be read.
        """
        with self._reading(who, project, view) as reading:
            return reading.one(Location(project.id, environment, clean(path)), name, version=version)

    def get_secret_by_id(self, who: Identity, secret_id: str, *, view: View = EVERYTHING) -> tuple[Row, Project]:
        """Return one secret by its id, and the project that it belongs to.

        Raises:
            Refusal: There is none, or it may not be read.
        """
        with self._lock:
            found = next(self._tree.named(secret_id), None)
        if found is None:
            raise no_secret_id(secret_id)
        project = self.project(who, id=found[0].project)
        with self._reading(who, project, view) as reading:
            return reading.row(*found), project

    # -- writes of who asks, each under the lock until its `with` ends

    @contextmanager
    def writing(self, who: Identity, project: Project) -> Iterator[Writing]:
        """Yield what changes secrets under an identity's rights."""
        with self._lock:
            yield Writing(self._tree, Rights(who, project, self.permissions), self._policies)

    @contextmanager
    def folders(self, who: Identity, project: Project) -> Iterator[Folders]:
        """Yield what looks at folders and changes them under an identity's rights."""
        with self._lock:
            yield Folders(self._tree, Rights(who, project, self.permissions))

    @contextmanager
    def leasing(self, who: Identity, project: Project) -> Iterator[Leasing]:
        """Yield what handles dynamic secrets and leases under an identity's rights."""
        with self._lock:
            yield Leasing(self._tree, self._book, Rights(who, project, self.permissions), self.renewals)

    def project_of_folder(self, who: Identity, folder_id: str) -> Project:
        """Return the project that a folder belongs to.

        Raises:
            Refusal: There is no such folder (404), or the identity is no member of its project (403).
        """
        with self._lock:
            at = self._tree.find(folder_id)
        if at is None:
            raise no_folder_id(folder_id)
        return self.project(who, id=at.project)

    # -- writes of who runs the server

    def put(self, project: str, environment: str, path: str, values: Mapping[str, SecretValue | str]) -> None:
        """Create or change secrets; each change counts one version up. Folders that are missing are created.

        What stands beside the values stays.

        Raises:
            Refusal: There is no such project or environment.
            ValueError: A value is not UTF-8 text.
        """
        texts = {key: value.text() if isinstance(value, SecretValue) else value for key, value in values.items()}
        with self._lock:
            at = self._location(project, environment, path)
            folder = self._tree.create(at)
            for key, text in texts.items():
                value, old = SecretValue(text), folder.secrets.get(key)
                self._tree.put(at, key, evolve(old.content, value=value) if old else Content(value=value))

    def delete(self, project: str, environment: str, path: str, keys: Iterable[str]) -> None:
        """Remove secrets; those that are not there are no error.

        Raises:
            Refusal: There is no such project or environment.
        """
        with self._lock:
            at = self._location(project, environment, path)
            for key in keys:
                self._tree.drop(at, key)

    def create_folder(self, project: str, environment: str, path: str) -> None:
        """Create a folder and those above it; one that is there stays.

        Raises:
            Refusal: There is no such project or environment.
        """
        with self._lock:
            self._tree.create(self._location(project, environment, path))

    # -- inside

    def _publish(self, event: Event) -> None:
        self.feed.publish(event)
        self.webhooks.publish(event)

    def _sow(self, seed: Seed) -> None:
        for project in seed.projects:
            for environment in project.environments:
                self._tree.create(Location(project.id, environment, "/"))
        for slug, environment, path, secrets in leaves(seed.secrets):
            at = self._location(slug, environment, path)
            self._tree.create(at)
            details = seed.details.get(slug, {}).get(environment, {}).get(path, {})
            for key, value in secrets.items():
                self._tree.put(at, key, _content(value, details.get(key, Detail()), self._by_slug[slug]))
        for slug, environment, path, imports in leaves(seed.imports):
            at = self._location(slug, environment, path)
            self._tree.create(at)
            self._tree.import_(at, imports)

        for slug, environment, path, dynamic in leaves(seed.dynamic_secrets):
            folder = self._tree.create(self._location(slug, environment, path))
            for name, one in dynamic.items():
                self._book.add(folder.id, name, one)

    def _location(self, project: str, environment: str, path: str) -> Location:
        wanted = [one for one in self._projects if project in (one.id, one.slug)]
        if not wanted:
            raise no_project(slug=project)
        if environment not in wanted[0].environments:
            raise no_environment(environment)
        return Location(wanted[0].id, environment, clean(path))

    @contextmanager
    def _reading(self, who: Identity, project: Project, view: View) -> Iterator[Reading]:
        with self._lock:
            yield Reading(self._tree, Rights(who, project, self.permissions), view, self._by_slug)


def _content(value: SecretValue, detail: Detail, project: Project) -> Content:
    return Content(
        value=value,
        comment=detail.comment,
        tags=tuple(tag for tag in project.tags if tag.slug in detail.tags),
        metadata=tuple(Metadatum(key, text) for key, text in detail.metadata.items()),
        multiline=detail.skip_multiline_encoding,
    )
