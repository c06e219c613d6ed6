"""Dynamic secrets and their leases, with a provider that makes credentials of nothing (kms-api §7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve, field

from ..classes import frozen
from ..clock import Clock
from ..values import SecretValue
from .durations import seconds
from .entropy import Entropy
from .references import Location
from .refusals import bad_request, forbidden_lease, forbidden_write, no_dynamic_secret, no_folder, no_lease
from .rights import Rights
from .seed import Dynamic, RenewalText
from .tree import Folder, Tree

_TOO_LONG: Final[Mapping[RenewalText, str]] = {
    "legacy": "TTL cannot be larger than max ttl",
    "new": "The renewal would exceed the maximum lease duration",
}
_FAILED: Final = "Failed to delete"


@frozen(kw_only=True)
class DynamicSecret:
    """What credentials can be had of; `default_ttl` and `max_ttl` are texts as people wrote them."""

    id: str
    folder_id: str
    name: str
    type: str
    default_ttl: str
    max_ttl: str | None
    inputs: Mapping[str, object] = field(factory=dict, repr=False)
    metadata: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    username_template: str | None = None
    max_leases: int = 0
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def longest(self) -> timedelta | None:
        """How long a lease may live in all."""
        return _delta(self.max_ttl) if self.max_ttl else None


@frozen(kw_only=True)
class Lease:
    """Credentials handed out until `expires_at`; `entity` is the provider's name of them."""

    id: str
    of: str
    entity: str
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int = 1
    status: str | None = None
    status_details: str | None = None


@frozen
class Revocation:
    """Credentials that the provider took back, and when."""

    entity: str
    at: datetime


class Provider:
    """Makes a user for each lease and takes it back.

    Attributes:
        broken: It fails to take anything back.
        revoked: What it took back, the oldest first.
    """

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self.broken: bool = False
        self.live: set[str] = set()
        self.revoked: list[Revocation] = []

    def create(self) -> tuple[str, Mapping[str, SecretValue]]:
        """Return the name of new credentials, and the credentials."""
        name = f"user-{self._entropy(8).hex()}"
        self.live.add(name)
        return name, {"DB_USERNAME": SecretValue(name), "DB_PASSWORD": SecretValue(self._entropy(16).hex())}

    def revoke(self, name: str, at: datetime) -> bool:
        """Take credentials back, if it is not broken; return whether it did."""
        if self.broken:
            return False
        self.live.discard(name)
        self.revoked.append(Revocation(name, at))
        return True


class Book:
    """All dynamic secrets and the leases that live. Not thread-safe: its owner has the lock.

    A lease ends by the clock: whoever looks at the book finds those gone whose time was over.
    """

    def __init__(self, *, clock: Clock, entropy: Entropy, new_id: Callable[[], str]) -> None:
        self.secrets: dict[str, DynamicSecret] = {}
        self.provider: Final = Provider(entropy)
        self.new_id: Final = new_id
        self._leases: dict[str, Lease] = {}
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    def add(self, folder_id: str, name: str, seeded: Dynamic) -> None:
        """Put in a dynamic secret that nobody asks permission for."""
        now = self.now()
        made = DynamicSecret(
            id=self.new_id(),
            folder_id=folder_id,
            name=name.lower(),
            type=seeded.type,
            default_ttl=seeded.default_ttl,
            max_ttl=seeded.max_ttl,
            max_leases=seeded.max_leases,
            created_at=now,
            updated_at=now,
        )
        self.secrets[made.id] = made

    def leases(self) -> dict[str, Lease]:
        """Return what lives, by id; what has ended was taken back at its time, as far as the provider could."""
        now = self.now()
        for lease in [one for one in self._leases.values() if one.expires_at <= now]:
            self.revoke(lease, at=lease.expires_at)
        return self._leases

    def revoke(self, lease: Lease, *, at: datetime, forced: bool = False) -> Lease:
        """End a lease; one that the provider fails to take back stays, with a status that says so, unless forced."""
        if self.provider.revoke(lease.entity, at) or forced:
            return evolve(self._leases.pop(lease.id), status=None, status_details=None)
        failed = evolve(lease, status=_FAILED, status_details="The provider is broken", updated_at=at)
        self._leases[lease.id] = failed
        return failed


@frozen
class Leasing:
    """One look at dynamic secrets, or one change, under one identity's rights. Its owner has the lock."""

    tree: Tree
    book: Book
    rights: Rights
    renewal_text: RenewalText

    # -- dynamic secrets

    def list(self, at: Location) -> tuple[DynamicSecret, ...]:
        """Return those of a folder, by name.

        Raises:
            Refusal: There is no such folder (404), or the identity may not lease (403).
        """
        self._allow(at)
        return tuple(sorted(self._of(at), key=lambda one: one.name))

    def get(self, at: Location, name: str) -> DynamicSecret:
        """Return one by name.

        Raises:
            Refusal: There is none (404), or the identity may not lease (403).
        """
        for one in self.list(at):
            if one.name == name:
                return one
        raise no_dynamic_secret(name, at.path)

    def create_secret(self, at: Location, fields: Mapping[str, Any]) -> DynamicSecret:
        """Create a dynamic secret of these fields.

        Raises:
            Refusal: There is no such folder (404), the name is taken (400), or the identity may not write (403).
        """
        self._write(at)
        self._name_free(at, fields["name"])
        now, folder_id = self.book.now(), self.tree.folders[at].id
        made = DynamicSecret(id=self.book.new_id(), folder_id=folder_id, created_at=now, updated_at=now, **fields)
        self.book.secrets[made.id] = made
        return made

    def update_secret(self, at: Location, name: str, fields: Mapping[str, Any]) -> DynamicSecret:
        """Change these fields of a dynamic secret.

        Raises:
            Refusal: There is none (404), its new name is taken (400), or the identity may not write (403).
        """
        self._write(at)
        old = self.get(at, name)
        if fields.get("name", name) != name:
            self._name_free(at, fields["name"])
        made = evolve(old, **fields, version=old.version + 1, updated_at=self.book.now())
        self.book.secrets[made.id] = made
        return made

    def delete_secret(self, at: Location, name: str, *, forced: bool) -> DynamicSecret:
        """Delete a dynamic secret and end its leases.

        Raises:
            Refusal: There is none (404), or the identity may not write (403).
        """
        self._write(at)
        secret = self.get(at, name)
        for lease in self.leases(at, name):
            self.book.revoke(lease, at=self.book.now(), forced=forced)
        return self.book.secrets.pop(secret.id)

    # -- leases

    def leases(self, at: Location, name: str) -> tuple[Lease, ...]:
        """Return those of a dynamic secret that live; refuses as `get`."""
        secret = self.get(at, name)
        return tuple(lease for lease in self.book.leases().values() if lease.of == secret.id)

    def create(self, at: Location, name: str, ttl: str) -> tuple[Lease, DynamicSecret, Mapping[str, SecretValue]]:
        """Return a new lease with its credentials; an empty `ttl` is the dynamic secret's own.

        Raises:
            Refusal: There is no such dynamic secret (404), the time is too long or there are too many leases (400), or
                the identity may not (403).
        """
        secret, now = self.get(at, name), self.book.now()
        life = _delta(ttl or secret.default_ttl)
        if secret.longest is not None and life > secret.longest:
            raise bad_request("TTL cannot be larger than max TTL")
        if secret.max_leases and len(self.leases(at, name)) >= secret.max_leases:
            raise bad_request("Max lease limit reached")
        entity, credentials = self.book.provider.create()
        lease = Lease(
            id=self.book.new_id(), of=secret.id, entity=entity, expires_at=now + life, created_at=now, updated_at=now
        )
        self.book.leases()[lease.id] = lease
        return lease, secret, credentials

    def lease(self, at: Location, lease_id: str) -> tuple[Lease, DynamicSecret]:
        """Return a lease of a folder.

        Raises:
            Refusal: There is none in this folder (404), or the identity may not (403).
        """
        folder = self._allow(at)
        lease = self.book.leases().get(lease_id)
        secret = self.book.secrets.get(lease.of) if lease else None
        if lease is None or secret is None or secret.folder_id != folder.id:
            raise no_lease(lease_id)
        return lease, secret

    def renew(self, at: Location, lease_id: str, ttl: str) -> Lease:
        """Return a lease that lives longer, counted from when it would have ended.

        Raises:
            Refusal: There is none (404), it would live too long (400), or the identity may not (403).
        """
        lease, secret = self.lease(at, lease_id)
        ends = lease.expires_at + _delta(ttl or secret.default_ttl)
        if secret.longest is not None and ends > lease.created_at + secret.longest:
            raise bad_request(_TOO_LONG[self.renewal_text])
        renewed = evolve(lease, expires_at=ends, updated_at=self.book.now(), version=lease.version + 1)
        self.book.leases()[lease_id] = renewed
        return renewed

    def revoke(self, at: Location, lease_id: str, *, forced: bool) -> Lease:
        """End a lease; one that the provider fails to take back is returned with a status that says so.

        Raises:
            Refusal: There is none (404), or the identity may not (403).
        """
        lease, _ = self.lease(at, lease_id)
        return self.book.revoke(lease, at=self.book.now(), forced=forced)

    # -- inside

    def _of(self, at: Location) -> Sequence[DynamicSecret]:
        folder = self._folder(at)
        return [one for one in self.book.secrets.values() if one.folder_id == folder.id]

    def _name_free(self, at: Location, name: str) -> None:
        if any(one.name == name for one in self._of(at)):
            raise bad_request("Dynamic secret with the same name already exist")

    def _folder(self, at: Location) -> Folder:
        if at not in self.tree.folders:
            raise no_folder(at.path, at.environment)
        return self.tree.folders[at]

    def _allow(self, at: Location) -> Folder:
        folder = self._folder(at)
        if not (self.rights.allow("lease", at) or self.rights.allow("write", at)):
            raise forbidden_lease(str(at))
        return folder

    def _write(self, at: Location) -> None:
        self._folder(at)
        if not self.rights.allow("write", at):
            raise forbidden_write(str(at))


def _delta(text: str) -> timedelta:
    return timedelta(seconds=seconds(text) or 0.0)
