"""Where what a login needs stands: a variable of the environment, else a file that the configuration names (agent §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from secretsync.classes import frozen
from secretsync.config import Flaw

from . import environment as env
from .document import TOKEN_PATH, AuthConfig, absolute
from .document import Auth as WrittenAuth
from .environment import Environment
from .settings import Auth, File, Source, Variable


@frozen
class Need:
    """A value that a method needs.

    Attributes:
        key: In the configuration, where a file is named.
        variables: What may hold it instead; of `is_path`, the path of the file.
        default: The file without either, "" where one of them must be.
    """

    key: str
    variables: tuple[str, ...]
    is_path: bool = False
    default: str = ""

    def written(self, config: AuthConfig) -> str:
        """Return the path that the configuration gives."""
        path: str = getattr(config, self.key.replace("-", "_"))
        return path


_IDENTITY: Final = Need("identity-id", env.IDENTITY_ID)
_JWT: Final = Need("jwt", env.JWT)

NEEDS: Final[Mapping[str, tuple[Need, ...]]] = {
    "universal-auth": (Need("client-id", env.CLIENT_ID), Need("client-secret", env.CLIENT_SECRET)),
    "kubernetes": (_IDENTITY, Need("service-account-token", env.TOKEN_PATH, is_path=True, default=TOKEN_PATH)),
    "azure": (_IDENTITY,),
    "gcp-id-token": (_IDENTITY,),
    "gcp-iam": (_IDENTITY, Need("service-account-key", env.KEY_PATH, is_path=True)),
    "aws-iam": (_IDENTITY,),
    "ldap-auth": (_IDENTITY, Need("username", env.USERNAME), Need("password", env.PASSWORD)),
    "oidc-auth": (_IDENTITY, _JWT),
    "jwt-auth": (_IDENTITY, _JWT),
}


def flaws(written: WrittenAuth, environment: Environment) -> Iterator[Flaw]:
    """Yield what is missing for a login."""
    if written.type is None:
        yield Flaw(("auth", "type"), f"missing; write one of {', '.join(NEEDS)}")
        return
    for need in NEEDS[written.type]:
        if _source(need, written.config, environment) is None:
            variable = env.PREFIXES[0] + need.variables[0]
            yield Flaw(("auth", "config", need.key), f"missing; name the file that holds it, or set {variable}")


def auth(written: WrittenAuth, environment: Environment) -> Auth:
    """Return how to log in, of a configuration without flaws."""
    kind = written.type or ""
    found = {need.key: _source(need, written.config, environment) for need in NEEDS[kind]}
    values = {key: source for key, source in found.items() if source is not None}
    return Auth(kind, values, environment.value(env.ORGANIZATION))


def files(written: WrittenAuth, environment: Environment) -> Mapping[str, str]:
    """Return the path of each value that is in a file, by its key."""
    needs = NEEDS.get(written.type or "", ())
    found = ((need.key, _source(need, written.config, environment)) for need in needs)
    return {key: source.path for key, source in found if isinstance(source, File)}


def _source(need: Need, config: AuthConfig, environment: Environment) -> Source | None:
    name = environment.name(need.variables)
    if name and not need.is_path:
        return Variable(name)
    path = environment.value(need.variables) or need.written(config) or need.default
    return File(absolute(path), remove=_is_removed(need, config)) if path else None


def _is_removed(need: Need, config: AuthConfig) -> bool:
    match need.key:
        case "client-secret":
            return config.remove_client_secret_on_read
        case "password":
            return config.remove_password_on_read
    return False
