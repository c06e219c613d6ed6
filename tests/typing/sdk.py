# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""The SDK as a user's type checker sees it. Checked, never run."""

from collections.abc import Mapping
from typing import assert_type

import secretsync
import secretsync.aio
from secretsync import Client, SecretSyncError, SecretValue


def read() -> None:
    with secretsync.open("https://kms.example", client_id="id", client_secret="secret") as kms:
        assert_type(kms, Client)
        fields = kms.folder("shop", "prod", "/shop", recursive=True, timeout=5.0)
        assert_type(fields, Mapping[str, SecretValue])
        assert_type(kms.secret("shop", "prod", "/shop", "PASSWORD", version=2).text(), str)
        fields["PASSWORD"] = SecretValue("new")  # type: ignore[index]


def methods() -> None:
    auth = secretsync.KubernetesAuth(identity_id="id", service_account_token_audiences=("kms",))
    secretsync.open("https://kms.example", auth=auth).close(revoke=True)
    ldap = secretsync.LdapAuth(identity_id="id")
    secretsync.open("https://kms.example", auth=ldap, credentials={"username": "ada", "password": SecretValue("s")})


def elsewhere() -> None:
    with secretsync.override({("shop", "prod", "/"): {"TEXT": "t", "BYTES": b"b", "VALUE": SecretValue("v")}}):
        assert_type(secretsync.open(), Client)


def watch(kms: Client) -> None:
    with kms.watch("shop", "prod", "/shop", interval=30.0) as changes:
        assert_type(changes.error, SecretSyncError | None)
        assert_type(changes.next(timeout=1.0), Mapping[str, SecretValue] | None)
        for fields in changes:
            assert_type(fields, Mapping[str, SecretValue])


def lease(kms: Client) -> None:
    with kms.lease("shop", "prod", "/db", "postgres", ttl="1h", timeout=5.0) as credentials:
        assert_type(credentials["DB_PASSWORD"].text(), str)
        assert_type(credentials.current(), Mapping[str, SecretValue])
        credentials["DB_PASSWORD"] = SecretValue("new")  # type: ignore[index]


async def awaited() -> None:
    async with secretsync.aio.open("https://kms.example", client_id="id", client_secret="secret") as kms:
        assert_type(await kms.folder("shop", "prod"), Mapping[str, SecretValue])
        assert_type(await kms.secret("shop", "prod", "/", "PASSWORD"), SecretValue)
        async with kms.lease("shop", "prod", "/db", "postgres") as credentials:
            assert_type(credentials["DB_PASSWORD"], SecretValue)
        async with kms.watch("shop", "prod") as changes:
            assert_type(await changes.next(timeout=1.0), Mapping[str, SecretValue] | None)
            async for fields in changes:
                assert_type(fields, Mapping[str, SecretValue])
        with kms.lease("shop", "prod", "/db", "postgres"):  # type: ignore[attr-defined]
            pass


def mistakes(kms: Client) -> None:
    secretsync.open("https://kms.example", "id", "secret")  # type: ignore[call-arg]
    secretsync.open("https://kms.example", client_id="id", client_secret=b"secret")  # type: ignore[arg-type]
    secretsync.open("https://kms.example", auth="kubernetes")  # type: ignore[arg-type]
    secretsync.override({("shop", "prod"): {}})  # type: ignore[dict-item]
    secretsync.KubernetesAuth("id")  # type: ignore[call-arg]
    kms.folder("shop", "prod", "/shop", deep=True)  # type: ignore[call-arg]
    kms.folder("shop", "prod")["PASSWORD"].lower()  # type: ignore[attr-defined]


class Own(Client):  # type: ignore[misc]
    """`Client` is final: what it promises to its threads cannot be kept by subclasses."""


def misspelt() -> None:
    assert secretsync.Clients  # type: ignore[attr-defined]
