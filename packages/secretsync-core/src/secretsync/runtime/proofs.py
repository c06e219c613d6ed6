"""Proofs of this machine: its environment and its files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import final

from ..clock import Deadline
from ..errors import CredentialsNotFound
from ..values import SecretValue

_LARGEST = 1 << 20


@final
class LocalProofs:
    """`Proofs` of a program that is no part of a cluster."""

    def variable(self, name: str) -> str:
        return os.environ.get(name, "")

    def file(self, path: str) -> SecretValue:
        try:
            with Path(path).expanduser().open("rb") as file:
                return SecretValue(file.read(_LARGEST))
        except (OSError, RuntimeError) as error:  # without a home directory, ~ is a RuntimeError
            reason = getattr(error, "strerror", None) or "there is no home directory"
        raise CredentialsNotFound(f"{path} cannot be read: {reason}")

    def service_account_token(
        self,
        *,
        namespace: str,
        name: str,
        audiences: Sequence[str],  # noqa: ARG002 - none is made
        deadline: Deadline,  # noqa: ARG002 - takes no time
    ) -> SecretValue:
        detail = f"no token of the service account {namespace}/{name}: only the operator can request one"
        raise CredentialsNotFound(detail)
