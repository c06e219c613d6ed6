"""The language of KMSSecret's templates: Go's, all of Sprig, and functions for keys, certificates and YAML.

The functions are modules by subject, loaded when a template names one: encoding, yaml_reading and yaml_writing (with
yaml_scalars, what plain scalars mean), pem, chains, pkcs12, jwk (with keys, the door to cryptography).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..dialects import Dialect
from ..functions import Chapters, Layers
from ..sprig import SPRIG
from ..values import Record, TypedMap

_CHAPTERS: Final = {
    "chains": "filterCertChain",
    "encoding": "decodeBase64ToBytes encodeBase64",
    "jwk": "jwkPrivateKeyPem jwkPublicKeyPem",
    "pem": "filterPEM",
    "pkcs12": (
        "fullPemToPkcs12 fullPemToPkcs12Pass pemToPkcs12 pemToPkcs12Pass pkcs12cert pkcs12certPass pkcs12key pkcs12keyPass"
    ),
    "yaml_reading": "fromYaml",
    "yaml_writing": "toYaml",
}
FUNCTIONS: Final = Chapters(
    {name: f"{__name__}.{chapter}" for chapter, names in _CHAPTERS.items() for name in names.split()}
)
"""Those beyond Sprig."""

KMS_SECRET: Final = Dialect("kmssecret", functions=Layers(FUNCTIONS, SPRIG))

_OPTIONS: Final = "model.SecretTemplateOptions"


def parameters(secrets: Mapping[str, tuple[str, str]]) -> TypedMap:
    """Return the data of a template: by the key of a secret its `Value` and `SecretPath`."""
    held = {key: Record(_OPTIONS, {"Value": value, "SecretPath": path}) for key, (value, path) in secrets.items()}
    return TypedMap(f"map[string]{_OPTIONS}", held, zero=Record(_OPTIONS, {"Value": "", "SecretPath": ""}))
