"""Proofs as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from secretsync.clock import Deadline
from secretsync.errors import CredentialsNotFound
from secretsync.values import SecretValue

Account = tuple[str, str, tuple[str, ...]]
"""A service account: namespace, name, and the audiences of the token."""


@frozen
class FakeProofs:
    """`Proofs` out of three tables; what changes in them is seen at the next login."""

    variables: Mapping[str, str] = field(factory=dict)
    files: Mapping[str, str | bytes] = field(factory=dict)
    accounts: Mapping[Account, str] = field(factory=dict)

    def variable(self, name: str) -> str:
        return self.variables.get(name, "")

    def file(self, path: str) -> SecretValue:
        if path not in self.files:
            raise CredentialsNotFound(f"{path} cannot be read: No such file or directory")
        return SecretValue(self.files[path])

    def service_account_token(
        self, *, namespace: str, name: str, audiences: Sequence[str], deadline: Deadline
    ) -> SecretValue:
        if (namespace, name, tuple(audiences)) not in self.accounts:
            raise CredentialsNotFound(f"there is no service account {namespace}/{name}")
        return SecretValue(self.accounts[namespace, name, tuple(audiences)])
