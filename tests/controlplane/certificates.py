"""What a control plane shows and is shown: an authority, the API server's certificate, its users' and a signing key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS: Final = 2
MASTERS: Final = "system:masters"
"""The group that may do everything, whatever roles there are."""


class Authority:
    """A certificate authority that writes what it makes, each with its key, into one folder: NAME.crt and NAME.key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = _name(common="controlplane")
        usage = dict.fromkeys(_USES, False) | {"key_cert_sign": True, "digital_signature": True}
        self._write(
            "ca",
            self._key,
            self._subject,
            (x509.BasicConstraints(ca=True, path_length=None), x509.KeyUsage(**usage)),
        )

    def server(self, name: str) -> None:
        """Make the certificate of a server on the loopback interface."""
        names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")])
        self._write(name, None, _name(common=name), (names, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])))

    def client(self, name: str) -> None:
        """Make the certificate of a user of that name who may do everything."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        self._write(name, None, _name(common=name, organisation=MASTERS), (usage,))

    def _write(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey | None,
        subject: x509.Name,
        extensions: tuple[x509.ExtensionType, ...],
    ) -> None:
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(
            issuer_name=self._subject,
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(days=DAYS),
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        certificate = made.sign(self._key, SHA256())
        (self._folder / f"{name}.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        _write_key(self._folder / f"{name}.key", key)


def signing_key(folder: Path, name: str) -> None:
    """Write NAME.key and NAME.pub: what tokens of service accounts are signed with, and checked."""
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(folder / f"{name}.key", key)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pub").write_bytes(public)


_USES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _name(*, common: str, organisation: str = "") -> x509.Name:
    said = {NameOID.ORGANIZATION_NAME: organisation, NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(what, text) for what, text in said.items() if text])


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
