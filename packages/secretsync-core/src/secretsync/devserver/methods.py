"""How the identities of a seed log in: one class a login method, with what its tokens may (kms-api §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field

from ..classes import frozen
from ..values import SecretValue


@frozen(kw_only=True)
class Limits:
    """How long the tokens of a method live.

    Attributes:
        ttl: Seconds from a login or a renewal, 0 for no limit of its own.
        max_ttl: Seconds from the login, renewals included; 0 for no limit.
        period: Seconds, instead of both: such a token may be renewed for ever.
        uses_limit: Requests that a token is good for, renewals of it included; 0 for no limit.
        access_token_trusted_ips: Addresses and networks from which a token is good; none is everywhere.
    """

    ttl: int = 7200
    max_ttl: int = 86400
    period: int = 0
    uses_limit: int = 0
    access_token_trusted_ips: tuple[str, ...] = ()

    @property
    def life(self) -> int:
        """Seconds that a login or a renewal gives, 0 for no limit."""
        return self.period or self.ttl

    @property
    def budget(self) -> int:
        """Seconds that all renewals together may give, 0 for no limit."""
        return 0 if self.period else self.max_ttl


@frozen(kw_only=True)
class Lockout:
    """After `threshold` failures no login is tried for `duration` seconds; 0 never locks.

    Attributes:
        reset: Seconds without a failure after which counting begins anew.
    """

    threshold: int = 0
    duration: int = 300
    reset: int = 30


@frozen
class Universal(Limits):
    """A client id and a client secret.

    Attributes:
        secret_ttl: Seconds from the server's start after which the secret is refused, 0 for never.
        secret_uses: Logins that the secret is good for, 0 for no limit.
        client_secret_trusted_ips: Addresses and networks from which the secret logs in; none is everywhere.
    """

    client_id: str
    client_secret: SecretValue
    secret_ttl: int = field(default=0, kw_only=True)
    secret_uses: int = field(default=0, kw_only=True)
    client_secret_trusted_ips: tuple[str, ...] = field(default=(), kw_only=True)
    lockout: Lockout = field(default=Lockout(), kw_only=True)


@frozen
class ServiceAccount:
    namespace: str
    name: str
    audiences: tuple[str, ...] = ()


@frozen(kw_only=True)
class TokenReview:
    """The API server that reviews tokens.

    Attributes:
        url: Of the server.
        reviewer: The token to ask with; without one the token that is reviewed.
    """

    url: str
    reviewer: SecretValue | None = None


@frozen(kw_only=True)
class Kubernetes(Limits):
    """Service accounts, by their tokens or as a cluster reviews them.

    Attributes:
        tokens: By the token; asked when there is no `token_review`.
        allowed_namespaces: Comma list of names or globs, as `allowed_names`; empty allows all.
        allowed_audience: Must be among a token's audiences; empty asks for none.
    """

    tokens: Mapping[SecretValue, ServiceAccount] = field(factory=dict)
    token_review: TokenReview | None = None
    allowed_namespaces: str = ""
    allowed_names: str = ""
    allowed_audience: str = ""


@frozen(kw_only=True)
class Signed(Limits):
    """Tokens that an issuer signs: for `jwt` and `oidc`.

    Attributes:
        keys: The issuer's public keys in PEM; the server's own authority is always one.
        issuer: What `iss` must be; empty takes all, as the other checks do.
        audiences: One of them must be in `aud`.
        subject: A glob for `sub`.
        claims: Globs for other claims.
    """

    keys: tuple[str, ...] = ()
    issuer: str = ""
    audiences: tuple[str, ...] = ()
    subject: str = ""
    claims: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class Ldap(Limits):
    """A directory: its users' passwords by name."""

    users: Mapping[str, SecretValue] = field(factory=dict)


@frozen(kw_only=True)
class GivenTokens(Limits):
    """Tokens that were made for the identity."""

    tokens: tuple[SecretValue, ...] = ()


@frozen(kw_only=True)
class Aws(Limits):
    """Roles and users of AWS: comma lists, empty for all.

    Attributes:
        allowed_accounts: Their numbers.
        allowed_principals: Globs of ARNs; an assumed role counts as its role.
    """

    allowed_accounts: str = ""
    allowed_principals: str = ""


@frozen(kw_only=True)
class Azure(Limits):
    """Service principals of one tenant.

    Attributes:
        resource: Whom their tokens must be for.
        allowed_service_principals: Comma list of object ids, empty for all.
        keys: Public keys in PEM, beside the server's own authority.
    """

    tenant_id: str
    resource: str = "https://management.azure.com/"
    allowed_service_principals: str = ""
    keys: tuple[str, ...] = ()


@frozen(kw_only=True)
class Gcp(Limits):
    """Service accounts of Google, by machine (`gce`) or by key (`iam`): comma lists, empty for all.

    Attributes:
        keys: Public keys in PEM, beside the server's own authority.
    """

    type: Literal["gce", "iam"] = "gce"
    allowed_service_accounts: str = ""
    allowed_projects: str = ""
    allowed_zones: str = ""
    keys: tuple[str, ...] = ()


@frozen(kw_only=True)
class Oci(Limits):
    """Users of Oracle's cloud: their public API keys in PEM, by user id.

    Attributes:
        tenancy: They must be of, empty for any.
    """

    tenancy: str = ""
    users: Mapping[str, str] = field(factory=dict)
