"""KMSSecret's templates: the functions beyond Sprig, by the vectors of the specification and by round trips."""

import base64
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from secretsync.templates import ExecutionError, LimitExceeded, Limits, ParseError, parse
from secretsync.templates.kmssecret import FUNCTIONS, KMS_SECRET, parameters
from secretsync.templates.kmssecret.der import iterations

SEED = bytes(range(32))
PUBLIC = {"kty": "OKP", "crv": "Ed25519", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}
PRIVATE = {**PUBLIC, "d": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}
PRIVATE_PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n"
PUBLIC_PEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n"
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)


def render(text: str, **data: Any) -> str:
    return parse("t", text, dialect=KMS_SECRET).render(data)


def refused(text: str, **data: Any) -> str:
    with pytest.raises(ExecutionError) as caught:
        render(text, **data)
    return str(caught.value)


def certificate(name: str, key: Any, issuer: str, signer: Any) -> str:
    """Return a certificate as PEM; with key identifiers, as any authority makes them."""
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    builder = x509.CertificateBuilder(
        subject_name=names[0],
        issuer_name=names[1],
        public_key=key.public_key(),
        serial_number=len(name),
        not_valid_before=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        not_valid_after=dt.datetime(2040, 1, 1, tzinfo=dt.UTC),
    )
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    made = builder.add_extension(authority, critical=False).sign(signer, None)
    return made.public_bytes(Encoding.PEM).decode()


KEYS = [ed25519.Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
ROOT = certificate("root", KEYS[0], "root", KEYS[0])
MIDDLE = certificate("middle", KEYS[1], "root", KEYS[0])
LEAF = certificate("leaf", KEY, "middle", KEYS[1])
OTHER = certificate("another", ed25519.Ed25519PrivateKey.from_private_bytes(b"\5" * 32), "middle", KEYS[1])


def test_the_dot_is_a_map_of_values_with_their_paths() -> None:
    data = parameters({"A": ("1", "/x"), "b-c": ("2", "/")})
    text = '{{ .A.Value }} {{ .A }} {{ (index . "b-c").Value }} [{{ (index . "no-key").Value }}] {{ .NOPE.Value }}'
    assert parse("t", text, dialect=KMS_SECRET).render(data) == "1 {1 /x} 2 [] <no value>"
    with pytest.raises(ExecutionError, match="can't evaluate field Nope in type"):
        parse("t", "{{ .A.Nope }}", dialect=KMS_SECRET).render(data)
    with pytest.raises(ExecutionError, match='map has no entry for key "NOPE"'):
        parse("t", "{{ .NOPE.Value }}", dialect=KMS_SECRET, missing_key="error").render(data)


@pytest.mark.parametrize("name", ["env", "expandenv", "getHostByName"])
def test_what_looks_around_on_the_machine_is_unknown(name: str) -> None:
    with pytest.raises(ParseError, match=f'function "{name}" not defined'):
        parse("t", f'{{{{ {name} "HOME" }}}}', dialect=KMS_SECRET)


def test_every_function_beyond_sprig_is_where_the_index_says() -> None:
    assert {FUNCTIONS[name].gives for name in FUNCTIONS} == {"string", "map[string]interface {}"}
    assert len(FUNCTIONS) == 16


# Base64 and YAML; tests/oracle has more of them.


def test_base64_holds_any_bytes() -> None:
    assert render('{{ encodeBase64 "päss" }}') == "cMOkc3M="
    assert render('{{ decodeBase64ToBytes "/w==" }}') == "\udcff"


@pytest.mark.parametrize("text", ["SECRETS", "SECRE", "SECRETS==", "SECR!T==", "SECRET==SECRET=="])
def test_what_is_no_base64_is_an_error_that_does_not_show_it(text: str) -> None:
    error = refused("{{ decodeBase64ToBytes .t }}", t=text)
    assert error.endswith("error calling decodeBase64ToBytes: the text is no base64")
    assert "SECR" not in error


def test_yaml_has_sorted_keys_and_an_indent_of_four() -> None:
    value = {"b": [1, "x", "yes"], "a": {"c": True}}
    assert render("{{ toYaml .v }}", v=value) == 'a:\n    c: true\nb:\n    - 1\n    - x\n    - "yes"'


@pytest.mark.parametrize("text", ["\nlead", "\n", "\n\n", "<<"])
def test_what_yaml_v3_would_write_as_something_else_is_written_as_it_is(text: str) -> None:
    assert render('{{ (print (toYaml .v) "\\n" | fromYaml).k }}', v={"k": text}) == text
    assert render('{{ range $k, $_ := (toYaml .v | fromYaml) }}{{ eq $k "<<" }}{{ end }}', v={"<<": 1}) == "true"


def test_aliases_make_no_short_yaml_long() -> None:
    lines = ["a0: &a0 x", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    assert render("{{ len (fromYaml .t) }}", t="\n".join(lines)) == "60"
    with pytest.raises(Exception, match="a value with more than"):
        render("{{ fromYaml .t | toYaml }}", t="\n".join(lines))


def test_yaml_that_is_nested_too_deeply_is_refused() -> None:
    assert "nested deeper than 100 levels" in refused("{{ fromYaml .t }}", t="a: " + "[" * 500 + "]" * 500)


# Keys.


def test_a_key_of_json_becomes_pem() -> None:
    assert render("{{ jwkPublicKeyPem .k }}", k=json.dumps(PUBLIC)) == PUBLIC_PEM
    assert render("{{ jwkPrivateKeyPem .k }}", k=json.dumps(PRIVATE)) == PRIVATE_PEM


def number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode().rstrip("=")


@pytest.mark.parametrize("more", [True, False])
def test_rsa_keys_of_json_become_pem(*, more: bool) -> None:
    key = rsa.generate_private_key(65537, 2048)
    held = key.private_numbers()
    jwk = {"kty": "RSA", "n": number(held.public_numbers.n), "e": "AQAB"}
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert render("{{ jwkPublicKeyPem .k }}", k=json.dumps(jwk)) == public
    jwk |= {"d": number(held.d), **({"p": number(held.p), "q": number(held.q)} if more else {})}
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    made = render("{{ jwkPrivateKeyPem .k }}", k=json.dumps(jwk))
    assert load_pem_private_key(made.encode(), None).private_numbers().d == held.d
    assert made == private or not more


@pytest.mark.parametrize(
    ("name", "curve"), [("P-256", ec.SECP256R1()), ("P-384", ec.SECP384R1()), ("P-521", ec.SECP521R1())]
)
def test_elliptic_keys_of_json_become_pem(name: str, curve: ec.EllipticCurve) -> None:
    key = ec.derive_private_key(12345, curve)
    at = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": name, "x": number(at.x), "y": number(at.y)}
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert render("{{ jwkPublicKeyPem .k }}", k=json.dumps(jwk)) == public
    assert render("{{ jwkPrivateKeyPem .k }}", k=json.dumps({**jwk, "d": number(12345)})) == private


@pytest.mark.parametrize(
    ("name", "jwk"),
    [
        ("jwkPublicKeyPem", PRIVATE),
        ("jwkPrivateKeyPem", PUBLIC),
        ("jwkPublicKeyPem", {"kty": "oct", "k": "c2VjcmV0"}),
        ("jwkPrivateKeyPem", {"kty": "oct", "k": "c2VjcmV0", "d": "x"}),
        ("jwkPublicKeyPem", {**PUBLIC, "x": "secret"}),
        ("jwkPublicKeyPem", {**PUBLIC, "x": "!"}),
        ("jwkPublicKeyPem", {**PUBLIC, "x": 1}),
        ("jwkPublicKeyPem", {**PUBLIC, "crv": "X25519"}),
        ("jwkPublicKeyPem", {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}),
        ("jwkPrivateKeyPem", {"kty": "RSA", "n": "AQ", "e": "AQ", "d": "AQ"}),
        ("jwkPublicKeyPem", []),
        ("jwkPublicKeyPem", "no key"),
    ],
)
def test_what_is_no_such_key_is_refused(name: str, jwk: object) -> None:
    assert f"error calling {name}: the key is no" in refused(f"{{{{ {name} .k }}}}", k=json.dumps(jwk))
    assert "the key is no JSON" in refused(f"{{{{ {name} .k }}}}", k="{")


# PKCS#12.


@pytest.mark.parametrize(
    ("into", "out_of"),
    [
        ("pemToPkcs12Pass .cert .key `pw`", "pkcs12keyPass `pw`"),
        ("fullPemToPkcs12Pass .cert .key `pw`", "pkcs12keyPass `pw`"),
        ("pemToPkcs12 .cert .key", "pkcs12key"),
        ("fullPemToPkcs12 .cert .key", "pkcs12key"),
    ],
)
def test_a_key_comes_out_of_pkcs12_as_it_went_in(into: str, out_of: str) -> None:
    assert render(f"{{{{ {into} | decodeBase64ToBytes | {out_of} }}}}", cert=LEAF, key=PRIVATE_PEM) == PRIVATE_PEM


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
def test_older_forms_of_keys_are_taken(form: PrivateFormat) -> None:
    key = ec.derive_private_key(7, ec.SECP256R1())
    cert = x509.load_pem_x509_certificate(LEAF.encode())
    builder = x509.CertificateBuilder(cert.subject, cert.subject, key.public_key(), 1)
    builder = builder.not_valid_before(cert.not_valid_before_utc).not_valid_after(cert.not_valid_after_utc)
    made = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    written = key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    text = "{{ pemToPkcs12Pass .cert .key `pw` | decodeBase64ToBytes | pkcs12keyPass `pw` }}"
    assert (
        render(text, cert=made, key=written)
        == key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    )


def test_certificates_come_out_from_the_leaf_to_the_root() -> None:
    full = "{{ fullPemToPkcs12Pass .cert .key `pw` | decodeBase64ToBytes | pkcs12certPass `pw` }}"
    assert render(full, cert=LEAF + ROOT + MIDDLE, key=PRIVATE_PEM) == LEAF + MIDDLE + ROOT
    first = "{{ pemToPkcs12 .cert .key | decodeBase64ToBytes | pkcs12cert }}"
    assert render(first, cert=LEAF + MIDDLE, key=PRIVATE_PEM) == LEAF


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ pkcs12key `x` }}", "the data is no PKCS#12, or the password is wrong"),
        (
            "{{ pemToPkcs12Pass .leaf .key `pw` | decodeBase64ToBytes | pkcs12keyPass `pw2` }}",
            "the data is no PKCS#12, or the password is wrong",
        ),
        ("{{ pemToPkcs12 `x` .key }}", "there is no PEM block"),
        ("{{ pemToPkcs12 .leaf `x` }}", "there is no PEM block"),
        ("{{ pemToPkcs12 .key .key }}", "a block is no certificate"),
        ("{{ pemToPkcs12 .leaf .leaf }}", "the key is not PKCS#1, PKCS#8 or SEC 1"),
        ("{{ fullPemToPkcs12 (print .leaf `x`) .key }}", "there is text after the last certificate"),
        (
            "{{ fullPemToPkcs12 (print .leaf .other) .key | decodeBase64ToBytes | pkcs12cert }}",
            "there are several leaf certificates",
        ),
    ],
)
def test_what_is_no_pkcs12_or_cannot_become_one_is_refused(text: str, error: str) -> None:
    assert error in refused(text, leaf=LEAF, key=PRIVATE_PEM, other=OTHER)


def test_a_structure_that_would_take_long_to_open_is_not_opened() -> None:
    lock = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(3000).hmac_hash(SHA256()).build(b"pw")
    made = serialize_key_and_certificates(None, KEY, x509.load_pem_x509_certificate(LEAF.encode()), [], lock)
    assert iterations(made) == 2 * 3000 + 2048
    text = "{{ pkcs12keyPass `pw` .data }}"
    template = parse("t", text, dialect=KMS_SECRET, limits=Limits(iterations=100_000))
    assert template.render({"data": made.decode("utf-8", "surrogateescape")}) == PRIVATE_PEM
    rounds = (3000).to_bytes(2, "big")
    slow = made.replace(b"\x02\x02" + rounds, b"\x02\x02\x7f\xff")
    assert iterations(slow) == 2 * 0x7FFF + 2048
    template = parse("t", text, dialect=KMS_SECRET, limits=Limits(iterations=10_000))
    with pytest.raises(LimitExceeded) as caught:
        template.render({"data": slow.decode("utf-8", "surrogateescape")})
    assert caught.value.limit == "iterations"


def test_keys_count_by_their_size() -> None:
    key = rsa.generate_private_key(65537, 2048)
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    template = parse("t", "{{ pemToPkcs12 .cert .key }}", dialect=KMS_SECRET, limits=Limits(iterations=1000))
    with pytest.raises(LimitExceeded):
        template.render({"cert": LEAF, "key": written})


# PEM and chains.


@pytest.mark.parametrize(
    ("blocks", "parts"),
    [
        ([ROOT, LEAF, MIDDLE], [LEAF, MIDDLE, ROOT]),
        ([LEAF, MIDDLE], [LEAF, MIDDLE, ""]),
        ([ROOT], ["", "", ROOT]),
        ([LEAF], [LEAF, "", ""]),
    ],
)
def test_a_chain_has_a_leaf_intermediates_and_a_root(blocks: Sequence[str], parts: Sequence[str]) -> None:
    for part, found in zip(("leaf", "intermediate", "root", "other"), [*parts, ""], strict=True):
        assert render("{{ filterCertChain .part .pem }}", part=part, pem="".join(blocks)) == found


@pytest.mark.parametrize(
    ("pem", "error"),
    [
        ("", "there is no leaf certificate"),
        (LEAF + OTHER + MIDDLE, "there are several leaf certificates"),
        (PRIVATE_PEM, "a block is no certificate"),
    ],
)
def test_what_is_no_chain_is_refused(pem: str, error: str) -> None:
    assert error in refused("{{ filterCertChain `leaf` .pem }}", pem=pem)


def test_blocks_of_pem_are_taken_by_kind() -> None:
    text = f"# a comment\n{PRIVATE_PEM}between\n{LEAF}{PUBLIC_PEM.replace(chr(10), chr(13) + chr(10))}after"
    assert render("{{ filterPEM `certificate` .t }}", t=text) == LEAF
    assert render("{{ filterPEM `PUBLIC KEY` .t }}", t=text) == PUBLIC_PEM
    assert render("{{ filterPEM `CERTIFICATE` .t }}", t=PRIVATE_PEM) == ""
    assert render("{{ filterPEM `CERTIFICATE` `` }}") == ""
    for other in (PRIVATE_PEM + "x", "x"):
        assert "the text has no such block" in refused("{{ filterPEM `CERTIFICATE` .t }}", t=other)


def test_a_block_keeps_its_headers() -> None:
    text = PRIVATE_PEM.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM", 1)
    assert render("{{ filterPEM `private key` .t }}", t=f"x\n{text}") == text
