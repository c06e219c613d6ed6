"""Azure auth: a token of a managed or federated identity, issued for the audience that the KMS expects (kms-api §2.3)."""

from __future__ import annotations

from typing import ClassVar, Final
from urllib.parse import parse_qs

from ..classes import frozen
from ..http import Body, Request
from ..values import SecretValue
from .method import Means, Method

RESOURCE: Final = "https://management.azure.com/"
_METADATA: Final = "http://169.254.169.254"
_AUTHORITY: Final = "https://login.microsoftonline.com/"
_VERSION: Final = "2018-02-01"
_OPERATION: Final = "get an Azure token"


@frozen(kw_only=True)
class AzureAuth(Method):
    """The proof is of the workload identity that the environment names, else of the machine's managed identity.

    Attributes:
        identity_id: Of the identity in the KMS.
        resource: Whom the token is for. Users of other programs write `&client_id=…` behind it, which is understood.
        azure_managed_identity_client_id: Which of several managed identities.
    """

    name: ClassVar[str] = "azure"
    segment: ClassVar[str] = "azure-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        ("service principal not allowed", "the service principal is not among those that the identity allows"),
        ("401 ", "the KMS does not know the key of the token; check the tenant there, and that it is a token of v1"),
    )
    identity_id: str
    resource: str = RESOURCE
    azure_managed_identity_client_id: str = ""

    def prove(self, means: Means) -> Body:
        resource, _, smuggled = self.resource.partition("&")
        client = self.azure_managed_identity_client_id or parse_qs(smuggled).get("client_id", [""])[0]
        resource = resource or RESOURCE
        file = means.proofs.variable("AZURE_FEDERATED_TOKEN_FILE")
        jwt = _federated(means, file, resource, client) if file else _managed(means, resource, client)
        return {"identityId": self.identity_id, "jwt": jwt}


def _managed(means: Means, resource: str, client: str) -> SecretValue:
    host = means.proofs.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").rstrip("/") or _METADATA
    params = {"api-version": _VERSION, "resource": resource, **({"client_id": client} if client else {})}
    url, headers = f"{host}/metadata/identity/oauth2/token", {"Metadata": "true"}
    request = Request("GET", url, operation=_OPERATION, params=params, headers=headers)
    return means.field(request, "access_token", service="the metadata service of Azure")


def _federated(means: Means, file: str, resource: str, client: str) -> SecretValue:
    variable = means.proofs.variable
    form: dict[str, str | SecretValue] = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": means.file(file),
        "client_id": client or variable("AZURE_CLIENT_ID"),
        "scope": f"{resource.rstrip('/')}/.default",
    }
    authority = (variable("AZURE_AUTHORITY_HOST") or _AUTHORITY).rstrip("/")
    url = f"{authority}/{variable('AZURE_TENANT_ID')}/oauth2/v2.0/token"
    return means.field(Request("POST", url, operation=_OPERATION, form=form), "access_token", service="Microsoft Entra")
