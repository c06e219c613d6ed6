"""The clouds that this server plays: whose machine its clients run on, and with which keys."""

from __future__ import annotations

from ..classes import frozen
from ..values import SecretValue


@frozen(kw_only=True)
class AwsPrincipal:
    """Keys and whose they are."""

    access_key_id: str
    secret_access_key: SecretValue
    arn: str
    session_token: SecretValue | None = None

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def role(self) -> str:
        """The ARN; of an assumed role, that of the role."""
        kind, _, rest = self.arn.split(":", 5)[5].partition("/")
        return f"arn:aws:iam::{self.account}:role/{rest.partition('/')[0]}" if kind == "assumed-role" else self.arn


@frozen(kw_only=True)
class AwsCloud:
    """Of the principals the first has the machine, the container and the web identity.

    Attributes:
        container_token: What the container's credentials service wants to see, empty for nothing.
    """

    principals: tuple[AwsPrincipal, ...]
    region: str = "us-east-1"
    container_token: str = ""


@frozen(kw_only=True)
class AzureCloud:
    tenant_id: str
    service_principal: str


@frozen(kw_only=True)
class GoogleCloud:
    service_account: str
    project: str = "dev"
    zone: str = "europe-west1-b"


@frozen(kw_only=True)
class Clouds:
    aws: AwsCloud | None = None
    azure: AzureCloud | None = None
    gcp: GoogleCloud | None = None

    @property
    def any(self) -> bool:
        return any((self.aws, self.azure, self.gcp))
