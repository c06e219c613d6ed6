"""Sprig's certificates: X.509, signed by themselves, or by a certificate authority that a template made or was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..errors import FunctionError
from ..functions import Function
from ..gobase64 import BadBase64, decode_base64
from ..pem import first_block, write_block
from ..runtime import Run
from ..values import LIST, Record, decoded, encoded
from .keys import make_rsa_key, read_key, write_key

CERTIFICATE: Final = "sprig.certificate"
_BITS: Final = 2048
Names = Sequence[object] | None
_SignKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


class _Subject(NamedTuple):
    """Whom a certificate is for, and for how many days."""

    name: str
    names: Sequence[x509.GeneralName]
    days: int
    is_authority: bool = False


class _Issuer(NamedTuple):
    """A certificate authority."""

    certificate: x509.Certificate
    key: PrivateKeyTypes


def build_custom_cert(certificate: str, key: str) -> Record:
    """Return a certificate and its key from the base64 of their PEM.

    Raises:
        FunctionError: One of them is none.
    """
    cert_pem = _decoded(certificate, "certificate")
    key_pem = _decoded(key, "private key")
    _read_certificate(cert_pem, "decodedCert")
    _read_key(key_pem, "error parsing private key")
    return _record(decoded(cert_pem), decoded(key_pem))


def _decoded(text: str, what: str) -> bytes:
    try:
        return decode_base64(encoded(text))
    except BadBase64:
        raise FunctionError(f"unable to decode base64 {what}") from None


def gen_ca(run: Run, name: str, days: int) -> Record:
    """Return a new certificate authority."""
    return _authority(run, name, days, make_rsa_key(run, _BITS))


def gen_ca_with_key(run: Run, name: str, days: int, key: str) -> Record:
    """Return a certificate authority with a key of one's own, as PEM."""
    return _authority(run, name, days, _read_key(encoded(key), "parsing private key"))


def _authority(run: Run, name: str, days: int, key: PrivateKeyTypes) -> Record:
    return _issued(run, _Subject(name, (), days, is_authority=True), key, None)


def gen_self_signed_cert(run: Run, name: str, ips: Names, dns: Names, days: int) -> Record:
    """Return a new certificate that no authority vouches for."""
    subject = _Subject(name, _general_names(ips, dns), days)
    return _issued(run, subject, make_rsa_key(run, _BITS), None)


def gen_self_signed_cert_with_key(  # noqa: PLR0917  # Sprig's parameters, as below
    run: Run, name: str, ips: Names, dns: Names, days: int, key: str
) -> Record:
    """Return a certificate that no authority vouches for, with a key of one's own, as PEM."""
    own = _read_key(encoded(key), "parsing private key")
    return _issued(run, _Subject(name, _general_names(ips, dns), days), own, None)


def gen_signed_cert(  # noqa: PLR0917
    run: Run, name: str, ips: Names, dns: Names, days: int, authority: Record
) -> Record:
    """Return a new certificate, signed by an authority."""
    issuer = _issuer(authority)
    subject = _Subject(name, _general_names(ips, dns), days)
    return _issued(run, subject, make_rsa_key(run, _BITS), issuer)


def gen_signed_cert_with_key(  # noqa: PLR0917
    run: Run, name: str, ips: Names, dns: Names, days: int, authority: Record, key: str
) -> Record:
    """Return a certificate with a key of one's own, as PEM, signed by an authority."""
    own = _read_key(encoded(key), "parsing private key")
    issuer = _issuer(authority)
    return _issued(run, _Subject(name, _general_names(ips, dns), days), own, issuer)


def _issuer(authority: Record) -> _Issuer:
    certificate = _read_certificate(encoded(str(authority.fields["Cert"])), "decodedSignerCert")
    return _Issuer(certificate, _read_key(encoded(str(authority.fields["Key"])), "error parsing private key"))


def _read_certificate(pem: bytes, what: str) -> x509.Certificate:
    block = first_block(pem)
    if block is None:
        raise FunctionError("unable to decode certificate")
    try:
        return x509.load_der_x509_certificate(block.content)
    except ValueError:
        raise FunctionError(f"error parsing certificate: {what}.Bytes: [redacted]") from None


def _read_key(pem: bytes, doing: str) -> PrivateKeyTypes:
    try:
        return read_key(pem)
    except FunctionError as error:
        raise FunctionError(f"{doing}: {error}") from None


def _general_names(ips: Names, dns: Names) -> list[x509.GeneralName]:
    """Return the further names of a certificate: those of DNS before addresses, as Go writes them."""
    addresses = [x509.IPAddress(_address(ip)) for ip in ips or ()]
    return [*map(_dns_name, dns or ()), *addresses]


def _address(text: object) -> IPv4Address | IPv6Address:
    if not isinstance(text, str):
        raise FunctionError("error parsing ip: [redacted] is not a string")
    try:
        found = ip_address("" if "%" in text else text)
    except ValueError:
        raise FunctionError("error parsing ip: [redacted]") from None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _dns_name(text: object) -> x509.DNSName:
    if not isinstance(text, str):
        raise FunctionError("error processing alternate dns name: [redacted] is not a string")
    try:
        return x509.DNSName(text)
    except ValueError:
        raise FunctionError("error creating certificate: x509: [redacted] cannot be encoded as an IA5String") from None


def _issued(run: Run, subject: _Subject, key: PrivateKeyTypes, issuer: _Issuer | None) -> Record:
    signer = _signer(key if issuer is None else issuer.key)
    if not isinstance(key, _SignKey):
        kind = "*dsa.PublicKey" if isinstance(key, DSAPrivateKey) else "[redacted]"
        raise FunctionError(f"error creating certificate: x509: unsupported public key type: {kind}")
    if issuer is not None and issuer.certificate.public_key() != signer.public_key():
        raise FunctionError("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey")
    try:
        builder = _extended(_builder(run, subject, key, issuer), subject, key, issuer)
        made = builder.sign(signer, _digest(signer))
    except (ValueError, OverflowError):
        raise FunctionError("error creating certificate: [redacted]") from None
    return _record(write_block("CERTIFICATE", made.public_bytes(Encoding.DER)), write_key(key))


def _signer(key: PrivateKeyTypes) -> _SignKey:
    if not isinstance(key, _SignKey):
        raise FunctionError(
            "error creating certificate: x509: certificate private key does not implement crypto.Signer"
        )
    return key


def _digest(key: _SignKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return what is signed of a certificate: a digest as long as the curve's numbers, and with Ed25519 all of it."""
    if isinstance(key, Ed25519PrivateKey):
        return None
    match key.curve.key_size if isinstance(key, EllipticCurvePrivateKey) else 0:
        case 384:
            return hashes.SHA384()
        case 521:
            return hashes.SHA512()
    return hashes.SHA256()


def _builder(run: Run, subject: _Subject, key: _SignKey, issuer: _Issuer | None) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject.name)] if subject.name else [])
    begin = datetime.fromtimestamp(run.sources.now() // 10**9, UTC)
    return (
        x509.CertificateBuilder()
        .serial_number(int.from_bytes(run.sources.random(16)) or 1)
        .subject_name(name)
        .issuer_name(name if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=subject.days))
    )


def _extended(
    builder: x509.CertificateBuilder, subject: _Subject, key: _SignKey, issuer: _Issuer | None
) -> x509.CertificateBuilder:
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        builder.add_extension(_key_usage(signs=subject.is_authority), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.BasicConstraints(ca=subject.is_authority, path_length=None), critical=True)
    )
    if subject.is_authority:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    known_as = _key_identifier(issuer)
    if known_as is not None:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier(known_as, None, None), critical=False)
    if subject.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(subject.names), critical=not subject.name)
    return builder


def _key_identifier(issuer: _Issuer | None) -> bytes | None:
    if issuer is None:
        return None
    try:
        return issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _record(certificate: str, key: str) -> Record:
    return Record(CERTIFICATE, {"Cert": certificate, "Key": key})


def _function(call: Callable[..., object], *takes: str) -> Function:
    return Function(call, takes, gives=CERTIFICATE, needs_run=True)


_OF_SUBJECT: Final = ("string", LIST, LIST, "int")

FUNCTIONS: Final[Mapping[str, Function]] = {
    "buildCustomCert": Function(build_custom_cert, ("string", "string"), gives=CERTIFICATE),
    "genCA": _function(gen_ca, "string", "int"),
    "genCAWithKey": _function(gen_ca_with_key, "string", "int", "string"),
    "genSelfSignedCert": _function(gen_self_signed_cert, *_OF_SUBJECT),
    "genSelfSignedCertWithKey": _function(gen_self_signed_cert_with_key, *_OF_SUBJECT, "string"),
    "genSignedCert": _function(gen_signed_cert, *_OF_SUBJECT, CERTIFICATE),
    "genSignedCertWithKey": _function(gen_signed_cert_with_key, *_OF_SUBJECT, CERTIFICATE, "string"),
}
