"""The environment: which variables the agent reads, under whose prefixes, and which of them are credentials (agent §1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from secretsync.classes import frozen

PREFIXES: Final = ("SECRETSYNC_", "KMS_", "INFISICAL_")
"""Ours first, then the KMS's, then its upstream's."""

CONFIG: Final = ("AGENT_CONFIG_BASE64",)
CLIENT_ID: Final = ("UNIVERSAL_AUTH_CLIENT_ID",)
CLIENT_SECRET: Final = ("UNIVERSAL_CLIENT_SECRET", "UNIVERSAL_AUTH_CLIENT_SECRET")
IDENTITY_ID: Final = ("MACHINE_IDENTITY_ID",)
TOKEN_PATH: Final = ("KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH",)
KEY_PATH: Final = ("GCP_IAM_SERVICE_ACCOUNT_KEY_FILE_PATH",)
USERNAME: Final = ("LDAP_USERNAME",)
PASSWORD: Final = ("LDAP_PASSWORD",)
JWT: Final = ("JWT",)
ORGANIZATION: Final = ("AUTH_ORGANIZATION_SLUG",)
BASE_DELAY: Final = ("RETRY_BASE_DELAY",)
MAX_DELAY: Final = ("RETRY_MAX_DELAY",)
MAX_RETRIES: Final = ("RETRY_MAX_RETRIES",)
HEADERS: Final = ("CUSTOM_HEADERS",)

_ALL: Final = (
    *(CONFIG, CLIENT_ID, CLIENT_SECRET, IDENTITY_ID, TOKEN_PATH, KEY_PATH, USERNAME, PASSWORD, JWT, ORGANIZATION),
    *(BASE_DELAY, MAX_DELAY, MAX_RETRIES, HEADERS),
)

CREDENTIALS: Final = frozenset(prefix + name for names in _ALL for name in names for prefix in PREFIXES)
"""Every variable that says how to reach the KMS as whom: what a command need not inherit."""

_OURS: Final = frozenset({"user-agent", "accept"})
"""Headers that are not taken from anybody."""
_HEADER: Final = re.compile(r"""[ \t\r\n]*(?:([^ \t\r\n=]+)=("[^"]*"|'[^']*'|[^ \t\r\n]*)|([^ \t\r\n]+))""")
_NAME: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")


@frozen
class Environment:
    """The variables of a process. An empty one counts as none."""

    variables: Mapping[str, str]

    def name(self, names: tuple[str, ...]) -> str:
        """Return which variable of a meaning counts, "" if there is none."""
        found = (prefix + name for prefix in PREFIXES for name in names if self.variables.get(prefix + name))
        return next(found, "")

    def value(self, names: tuple[str, ...]) -> str:
        return self.variables.get(self.name(names), "")


def headers(text: str) -> Mapping[str, str] | None:
    """Return the headers of a list such as `A=1 B="x y"`; None where it is none, because a part has no name."""
    found = dict(_headers(text))
    return None if "" in found else {name: text for name, text in found.items() if name.lower() not in _OURS}


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for name, value, other in _HEADER.findall(text.strip()):
        whole = other or not _NAME.fullmatch(name) or not value.isprintable()
        yield ("", "") if whole else (name, value[1:-1] if value[:1] in {'"', "'"} else value)
