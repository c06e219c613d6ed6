"""OCI auth: a signed request for the user's own record, which the KMS passes on to Oracle (kms-api §2.1)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from email.utils import format_datetime
from typing import ClassVar, Final

from ..classes import frozen
from ..http import Body
from ..values import SecretValue
from .method import Means, Method
from .signing import signature

_KEYS: Final = ("user", "fingerprint", "tenancy", "region", "key_file")


@frozen(kw_only=True)
class OciAuth(Method):
    """The proof is signed with the user's API key, as the configuration file of Oracle's programs names it.

    Attributes:
        identity_id: Of the identity in the KMS.
        config_path: The file; read at each login, and the key it names as well.
        profile: A section of it.
    """

    name: ClassVar[str] = "oci"
    segment: ClassVar[str] = "oci-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        ("enancy", "the tenancy is not the one that the identity allows"),
        ("sername", "the user is not among those that the identity allows"),
        ("401 ", "Oracle does not accept the user's key"),
    )
    identity_id: str
    config_path: str = "~/.oci/config"
    profile: str = "DEFAULT"

    def prove(self, means: Means) -> Body:
        config = self._config(means)
        host = f"identity.{config['region']}.oraclecloud.com"
        target = f"get /20160918/users/{config['user']}"
        date = format_datetime(means.server.deadline.clock.now(), usegmt=True)
        text = f"date: {date}\n(request-target): {target}\nhost: {host}"
        signed = b64encode(signature(means, text.encode(), key=means.proofs.file(config["key_file"]))).decode()
        key_id = f"{config['tenancy']}/{config['user']}/{config['fingerprint']}"
        parts = ('version="1"', f'keyId="{key_id}"', 'algorithm="rsa-sha256"', 'headers="date (request-target) host"')
        authorization = SecretValue(f'Signature {",".join(parts)},signature="{signed}"')
        headers: dict[str, str | SecretValue] = {"authorization": authorization, "date": date, "host": host}
        return {"identityId": self.identity_id, "userOcid": config["user"], "headers": headers}

    def _config(self, means: Means) -> Mapping[str, str]:
        parser = ConfigParser(interpolation=None, default_section="")
        try:
            parser.read_string(means.proofs.file(self.config_path).text())
            found = dict(parser.items(self.profile))
        except (ConfigError, ValueError):
            found = {}
        if missing := [key for key in _KEYS if not found.get(key)]:
            raise means.useless(f"{' and '.join(missing)} missing in the profile {self.profile} of {self.config_path}")
        return found
