"""Which KMS to open and as whom, as variables of the environment say: ours, or those of the official clients.

    address    SECRETSYNC_URL, INFISICAL_API_URL, INFISICAL_DOMAIN
    identity   SECRETSYNC_CLIENT_ID and SECRETSYNC_CLIENT_SECRET, SECRETSYNC_TOKEN, INFISICAL_TOKEN,
               INFISICAL_<METHOD>_… (kms-api §2.3)

Ours come before theirs. An identity is named by one method: two are an error, because a wrong guess would log in as
somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from attrs import evolve, field

from .auth.aws import AwsIamAuth
from .auth.azure import AzureAuth
from .auth.gcp import GcpIamAuth, GcpIdTokenAuth
from .auth.given import ServiceToken, TokenAuth
from .auth.jwt import OidcAuth
from .auth.kubernetes import TOKEN_PATH, KubernetesAuth
from .auth.ldap import LdapAuth
from .auth.method import Method
from .auth.universal import UniversalAuth
from .classes import frozen
from .errors import InvalidInput
from .values import SecretValue

Variable = Callable[[str], str]
"""Returns a variable of the environment, "" where there is none."""

_URLS: Final = ("SECRETSYNC_URL", "INFISICAL_API_URL", "INFISICAL_DOMAIN")
_JWT: Final = "INFISICAL_JWT"
_SERVICE: Final = "st."


@frozen
class Login:
    """As whom to open a KMS."""

    auth: Method
    credentials: Mapping[str, SecretValue] = field(factory=dict, repr=False)


def settings(variable: Variable, *, url: str = "", login: Login | None = None) -> tuple[str, Login]:
    """Return address and login, each as given or else as the environment says.

    Raises:
        InvalidInput: It does not say so, only half, or names two identities: all that is wrong at once.
    """
    problems: list[str] = []
    url = url or next(filter(None, map(variable, _URLS)), "")
    if not url:
        problems += _missing(_URLS[0]).problems
    try:
        login = login or _named(variable)
    except InvalidInput as error:
        problems += error.problems
    if problems or login is None:
        raise InvalidInput(problems)
    return url, login


def _named(variable: Variable) -> Login:
    for methods in (_OURS, _THEIRS):
        named = [name for name in methods if variable(name)]
        if len(named) > 1:
            raise InvalidInput([f"environment variables {' and '.join(named)} name two identities; unset one"])
        for name in named:
            login = methods[name](variable(name), variable)
            return evolve(login, auth=evolve(login.auth, organization=variable("INFISICAL_AUTH_ORGANIZATION_SLUG")))
    raise _missing("SECRETSYNC_CLIENT_ID", "SECRETSYNC_CLIENT_SECRET")


def _universal(secret: str, client_id: str, variable: Variable) -> Login:
    credentials = {"clientId": SecretValue(client_id), "clientSecret": _required(secret, variable)}
    return Login(UniversalAuth(), credentials)


def _token(token: str, _: Variable) -> Login:
    if token.startswith(_SERVICE):
        return Login(ServiceToken(), {"serviceToken": SecretValue(token)})
    return Login(TokenAuth(), {"token": SecretValue(token)})


def _kubernetes(identity: str, variable: Variable) -> Login:
    path = variable("INFISICAL_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH") or TOKEN_PATH
    return Login(KubernetesAuth(identity_id=identity, service_account_token_path=path))


def _azure(identity: str, _: Variable) -> Login:
    return Login(AzureAuth(identity_id=identity))


def _google(identity: str, variable: Variable) -> Login:
    if key := variable("INFISICAL_GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH"):
        return Login(GcpIamAuth(identity_id=identity, service_account_key_file_path=key))
    return Login(GcpIdTokenAuth(identity_id=identity))


def _aws(identity: str, _: Variable) -> Login:
    return Login(AwsIamAuth(identity_id=identity))


def _ldap(identity: str, variable: Variable) -> Login:
    names = {"username": "INFISICAL_LDAP_USERNAME", "password": "INFISICAL_LDAP_PASSWORD"}
    return Login(LdapAuth(identity_id=identity), {key: _required(name, variable) for key, name in names.items()})


def _oidc(identity: str, variable: Variable) -> Login:
    _required(_JWT, variable)  # to say so at once; the value is read anew at each login
    return Login(OidcAuth(identity_id=identity, token_variable=_JWT))


Methods = Mapping[str, Callable[[str, Variable], Login]]
"""By the variable that names the identity: how it logs in, with whatever other variables say."""

_OURS: Final[Methods] = {
    "SECRETSYNC_CLIENT_ID": partial(_universal, "SECRETSYNC_CLIENT_SECRET"),
    "SECRETSYNC_TOKEN": _token,
}
_THEIRS: Final[Methods] = {
    "INFISICAL_TOKEN": _token,
    "INFISICAL_UNIVERSAL_AUTH_CLIENT_ID": partial(_universal, "INFISICAL_UNIVERSAL_AUTH_CLIENT_SECRET"),
    "INFISICAL_KUBERNETES_IDENTITY_ID": _kubernetes,
    "INFISICAL_AZURE_AUTH_IDENTITY_ID": _azure,
    "INFISICAL_GCP_AUTH_IDENTITY_ID": _google,
    "INFISICAL_AWS_IAM_AUTH_IDENTITY_ID": _aws,
    "INFISICAL_LDAP_AUTH_IDENTITY_ID": _ldap,
    "INFISICAL_OIDC_AUTH_IDENTITY_ID": _oidc,
}


def _required(name: str, variable: Variable) -> SecretValue:
    if value := variable(name):
        return SecretValue(value)
    raise _missing(name)


def _missing(*names: str) -> InvalidInput:
    return InvalidInput([f"environment variable {name} is not set; `secretsync dev` shows how" for name in names])
