"""What Sprig's keys, certificates, passwords and random texts hold: read back with other means."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from typing import Any

import bcrypt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from secretsync.templates import GO_SPRIG, ExecutionError, LimitExceeded, Limits, Sources, parse

NOW = 1_700_000_000_123_456_789


def render(template: str, data: object = None, **limits: Any) -> str:
    return parse("t", template, dialect=GO_SPRIG, limits=Limits(**limits)).render(data, sources=sources())


def sources() -> Sources:
    """Return sources that give the same each time: bytes that count."""
    numbers = count()
    return Sources(now=lambda: NOW, random=lambda size: bytes(next(numbers) % 256 for _ in range(size)))


def certificates(text: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(render(text).encode())


@pytest.mark.parametrize(
    ("kind", "of"),
    [
        ("", rsa.RSAPrivateKey),
        ("dsa", dsa.DSAPrivateKey),
        ("ecdsa", ec.EllipticCurvePrivateKey),
        ("ed25519", ed25519.Ed25519PrivateKey),
    ],
)
def test_a_private_key_is_of_its_kind_and_size(kind: str, of: type) -> None:
    key = load_pem_private_key(render("{{genPrivateKey .}}", kind).encode(), None)
    assert isinstance(key, of)
    assert getattr(key, "key_size", 256) == {"": 4096, "dsa": 2048}.get(kind, 256)


def test_an_authority_signs_certificates() -> None:
    made = """{{$ca := genCA "the authority" 365}}{{$ca.Cert -}}
    {{(genSignedCert "the server" (list "10.0.0.1" "2001:db8::1") (list "a.example" "*.b.example") 30 $ca).Cert}}"""
    authority, server = certificates(made)
    server.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(authority)
    assert authority.subject.rfc4514_string() == "CN=the authority"
    assert server.subject.rfc4514_string() == "CN=the server"
    assert authority.public_key().key_size == server.public_key().key_size == 2048  # type: ignore[union-attr]
    assert names(server) == ["a.example", "*.b.example", ip_address("10.0.0.1"), ip_address("2001:db8::1")]


def names(certificate: x509.Certificate) -> list[object]:
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not found.critical
    return [name.value for name in found.value]


def test_a_certificate_says_what_it_may_be_used_for_and_when() -> None:
    authority, server = certificates("{{(genCA `ca` 365).Cert}}{{(genSelfSignedCert `s` nil nil 1).Cert}}")
    begin = datetime.fromtimestamp(NOW // 10**9, UTC)
    assert authority.not_valid_before_utc == server.not_valid_before_utc == begin
    assert authority.not_valid_after_utc == begin + timedelta(days=365)
    assert server.not_valid_after_utc == begin + timedelta(days=1)
    assert authority.serial_number == int.from_bytes(bytes(range(16)))
    for certificate, signs in [(authority, True), (server, False)]:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert usage.value.digital_signature
        assert usage.value.key_encipherment
        assert usage.value.key_cert_sign is signs
        assert constraints.value == x509.BasicConstraints(ca=signs, path_length=None)
        assert usage.critical
        assert constraints.critical
        assert [oid._name for oid in extended.value] == ["serverAuth", "clientAuth"]


def test_names_of_a_certificate_without_a_subject_are_critical() -> None:
    (made,) = certificates('{{(genSelfSignedCert "" (list "::ffff:1.2.3.4") nil 1).Cert}}')
    found = made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert found.critical
    assert found.value.get_values_for_type(x509.IPAddress) == [ip_address("1.2.3.4")]


@pytest.mark.parametrize("text", ["{{genCA `n` -1}}", "{{genCA `n` 99999999999}}", "{{genCA . 1}}"])
def test_a_certificate_that_cannot_be_made_is_an_error(text: str) -> None:
    with pytest.raises(ExecutionError, match=r"error creating certificate: \[redacted\]"):
        render(text, "n" * 65)


def test_a_hash_of_a_password_verifies() -> None:
    user, _, found = render('{{htpasswd "me" .}}', "sésame").partition(":")
    assert user == "me"
    assert bcrypt.checkpw("sésame".encode(), found.encode())
    assert found.startswith("$2a$10$..CA.uOD/eaGAOmJB.yMBu")  # the salt is of the source's bytes


def test_random_texts_are_of_the_source_of_chance() -> None:
    assert render("{{uuidv4}}") == "00010203-0405-4607-8809-0a0b0c0d0e0f"
    assert render("{{randBytes 4}} {{randNumeric 3}} {{randInt 0 1000}}") == "AAECAw== 456 894"
    assert render("{{genPrivateKey `ed25519`}}") == render("{{genPrivateKey `ed25519`}}")


def test_every_character_is_as_likely_as_another() -> None:
    """The sources go through all bytes in turn."""
    for function, chars in [("randAlpha", 52), ("randAlphaNum", 62), ("randAscii", 95), ("randNumeric", 10)]:
        length = 2 * (256 - 256 % chars)
        made = Counter(render(f"{{{{{function} {length}}}}}"))
        assert len(made) == chars
        assert set(made.values()) == {length // chars}


@pytest.mark.parametrize(
    "text",
    [
        "{{range until 1000}}{{bcrypt `x`}}{{end}}",
        "{{range until 1000}}{{derivePassword 1 `long` `p` `u` `s`}}{{end}}",
        "{{range until 1000}}{{genPrivateKey `dsa`}}{{end}}",
        "{{range until 1000}}{{(genCA `n` 1).Cert}}{{end}}",
    ],
)
def test_what_takes_time_may_not_be_asked_for_often(text: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        render(text, iterations=54_000)
    assert caught.value.limit == "iterations"


@pytest.mark.parametrize("text", ["{{randAlpha 1001}}", "{{randBytes 1001}}"])
def test_a_random_text_of_great_length_is_refused(text: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        render(text, text=1000)
    assert caught.value.limit == "text"


def test_an_error_quotes_no_key() -> None:
    with pytest.raises(ExecutionError) as caught:
        render(
            "{{genCAWithKey `n` 1 .}}", "-----BEGIN C4N4RY PRIVATE KEY-----\nYQ==\n-----END C4N4RY PRIVATE KEY-----\n"
        )
    assert "C4N4RY" not in str(caught.value)
