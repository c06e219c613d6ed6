"""secretsync: reads secrets cheaply and safely, and keeps what needs them right.

    import secretsync

    with secretsync.open("https://kms.example", client_id=…, client_secret=…) as kms:
        fields = kms.folder("shop", "prod", "/shop")

This root is a table: a name is imported when it is first used, so that `import secretsync` costs about a millisecond.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .auth.aws import AwsIamAuth as AwsIamAuth
    from .auth.azure import AzureAuth as AzureAuth
    from .auth.gcp import GcpIamAuth as GcpIamAuth
    from .auth.gcp import GcpIdTokenAuth as GcpIdTokenAuth
    from .auth.given import ServiceToken as ServiceToken
    from .auth.given import TokenAuth as TokenAuth
    from .auth.jwt import JwtAuth as JwtAuth
    from .auth.jwt import OidcAuth as OidcAuth
    from .auth.kubernetes import KubernetesAuth as KubernetesAuth
    from .auth.ldap import LdapAuth as LdapAuth
    from .auth.oci import OciAuth as OciAuth
    from .auth.universal import UniversalAuth as UniversalAuth
    from .client import Client as Client
    from .client import open as open  # noqa: A004 - `secretsync.open` reads as it should
    from .errors import SecretSyncError as SecretSyncError
    from .overrides import override as override
    from .values import SecretValue as SecretValue

_HOME = {
    "AwsIamAuth": ".auth.aws",
    "AzureAuth": ".auth.azure",
    "Client": ".client",
    "GcpIamAuth": ".auth.gcp",
    "GcpIdTokenAuth": ".auth.gcp",
    "JwtAuth": ".auth.jwt",
    "KubernetesAuth": ".auth.kubernetes",
    "LdapAuth": ".auth.ldap",
    "OciAuth": ".auth.oci",
    "OidcAuth": ".auth.jwt",
    "SecretSyncError": ".errors",
    "SecretValue": ".values",
    "ServiceToken": ".auth.given",
    "TokenAuth": ".auth.given",
    "UniversalAuth": ".auth.universal",
    "open": ".client",
    "override": ".overrides",
}
__all__ = [
    "AwsIamAuth",
    "AzureAuth",
    "Client",
    "GcpIamAuth",
    "GcpIdTokenAuth",
    "JwtAuth",
    "KubernetesAuth",
    "LdapAuth",
    "OciAuth",
    "OidcAuth",
    "SecretSyncError",
    "SecretValue",
    "ServiceToken",
    "TokenAuth",
    "UniversalAuth",
    "open",
    "override",
]


if not TYPE_CHECKING:  # or checkers would take every misspelt name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_HOME[name], __name__), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
