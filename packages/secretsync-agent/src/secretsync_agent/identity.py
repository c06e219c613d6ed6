"""How the agent logs in: with one of the library's methods, whose settings stand in files and variables (agent §4, §5).

They are read at each login, so that a rotated credential is used at the next one; what a file held is remembered, for
the day when it is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Final, final

from attrs import evolve, field

from secretsync.auth.method import Means, Method
from secretsync.classes import frozen
from secretsync.clock import Deadline
from secretsync.digest import Digester
from secretsync.errors import CredentialsNotFound
from secretsync.ports import Proofs
from secretsync.queries import Identity
from secretsync.values import SecretValue

from .settings import Auth, File, Settings, Source, Variable

log: Final = logging.getLogger("secretsync.agent")

_METHODS: Final[Mapping[str, str]] = {
    "universal-auth": "universal.UniversalAuth",
    "kubernetes": "kubernetes.KubernetesAuth",
    "azure": "azure.AzureAuth",
    "gcp-id-token": "gcp.GcpIdTokenAuth",
    "gcp-iam": "gcp.GcpIamAuth",
    "aws-iam": "aws.AwsIamAuth",
    "ldap-auth": "ldap.LdapAuth",
    "oidc-auth": "jwt.OidcAuth",
    "jwt-auth": "jwt.JwtAuth",
}
"""Where the library has each method; only the one that is used is loaded."""
_CREDENTIALS: Final[Mapping[str, str]] = {
    "client-id": "clientId",
    "client-secret": "clientSecret",
    "username": "username",
    "password": "password",
    "jwt": "jwt",
    "service-account-token": "jwt",
}
"""The credential that a value of the configuration is."""
_KEY_FILE: Final = "service-account-key"
_IDENTITY: Final = "identity-id"


@frozen(kw_only=True)
class ReadAnew(Method):
    """A login whose identity and credentials are read each time."""

    name: ClassVar[str] = "agent"
    segment: ClassVar[str] = ""
    kind: type[Method]
    values: tuple[tuple[str, Source], ...]

    @property
    def operation(self) -> str:
        return f"log in with {self.kind.name}"

    def prepared(self, means: Means) -> tuple[Method, Means]:
        read = {key: _read(means, source) for key, source in self.values if key != _KEY_FILE}
        settings: dict[str, Any] = {"identity_id": read.pop(_IDENTITY).text()} if _IDENTITY in read else {}
        if isinstance(key_file := dict(self.values).get(_KEY_FILE), File):
            settings["service_account_key_file_path"] = key_file.path
        credentials = {_CREDENTIALS[key]: value for key, value in read.items()}
        method = self.kind(organization=self.organization, **settings)
        return method, evolve(means, credentials=credentials, source="what the configuration names")


def _read(means: Means, source: Source) -> SecretValue:
    if isinstance(source, Variable):
        return SecretValue(means.proofs.variable(source.name).encode(errors="surrogateescape"))
    return means.file(source.path)


def identity(settings: Settings, digest: Digester) -> Identity:
    """Return who asks the KMS of a configuration."""
    trust = digest(settings.ca_certificate).hex() if settings.ca_certificate else ""
    return Identity(settings.address, _method(settings.auth), trust=trust)


def _method(auth: Auth) -> Method:
    module, _, name = _METHODS[auth.type].partition(".")
    kind: type[Method] = getattr(import_module(f"secretsync.auth.{module}"), name)
    return ReadAnew(kind=kind, values=tuple(sorted(auth.values.items())), organization=auth.organization)


@final
@frozen
class Remembering:
    """Proofs that outlive their files. As thread-safe as those that it stands before."""

    proofs: Proofs
    _held: dict[str, SecretValue] = field(factory=dict, init=False)

    def variable(self, name: str) -> str:
        return self.proofs.variable(name)

    def file(self, path: str) -> SecretValue:
        """Return what a file holds or, once it is gone, what it held."""
        try:
            found = self.proofs.file(path)
        except CredentialsNotFound:
            if path not in self._held:
                raise
            return self._held[path]
        self._held[path] = found
        return found

    def service_account_token(
        self, *, namespace: str, name: str, audiences: Sequence[str], deadline: Deadline
    ) -> SecretValue:
        return self.proofs.service_account_token(namespace=namespace, name=name, audiences=audiences, deadline=deadline)

    def forget_files(self, auth: Auth) -> None:
        """Remove the files that are to go once a login with them succeeded; what they held stays remembered."""
        for source in auth.values.values():
            if isinstance(source, File) and source.remove and source.path in self._held:
                _remove(source.path)


def _remove(path: str) -> None:
    try:
        Path(path).unlink()
    except FileNotFoundError:  # somebody was faster
        return
    except OSError as error:
        log.warning("the credential's file at %s cannot be removed: %s", path, error.strerror)
        return
    log.info("the credential's file at %s is removed; what it held is remembered", path)
