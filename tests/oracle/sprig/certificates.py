"""Cases for Sprig's certificates. What is in those that are made, tests/unit reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fixed_keys
from cryptography.hazmat.primitives.asymmetric import ec

from .keys import shape

CERTIFICATE = shape("CERTIFICATE").removesuffix("\n")
DEFAULTS: dict[str, Any] = {
    "ca": fixed_keys.authority(),
    "ed": fixed_keys.pem(fixed_keys.ed25519_key()),
    "ed2": fixed_keys.pem(fixed_keys.ed25519_key(1)),
    "ec": fixed_keys.pem(fixed_keys.ec_key()),
    "ec384": fixed_keys.pem(fixed_keys.ec_key(ec.SECP384R1())),
    "ec521": fixed_keys.pem(fixed_keys.ec_key(ec.SECP521R1())),
    "rsa": fixed_keys.pem(fixed_keys.rsa_key()),
    "rsa8": fixed_keys.pem(fixed_keys.rsa_key(), pkcs8=True),
    "ec8": fixed_keys.pem(fixed_keys.ec_key(), pkcs8=True),
    "dsa": fixed_keys.pem(fixed_keys.dsa_key()),
}
KINDS = {
    "ed": "PRIVATE KEY",
    "ec": "EC PRIVATE KEY",
    "ec384": "EC PRIVATE KEY",
    "ec521": "EC PRIVATE KEY",
    "rsa": "RSA PRIVATE KEY",
    "rsa8": "RSA PRIVATE KEY",
    "ec8": "EC PRIVATE KEY",
}
NAMES = '(list "10.0.0.1" "::1") (list "a.example" "*.b.example")'
AUTHORITY = "{{$ca := buildCustomCert (b64enc .ca) (b64enc .ed)}}"
ED = DEFAULTS["ed"]
BROKEN: dict[str, Any] = {
    "nothing": "",
    "text": "c4n4ry",
    "other": DEFAULTS["ca"],
    "cut": ED[:-10],
    "no key": ED.replace("MC4C", "AAAA"),
    "bad base64": ED.replace("MC4C", "!!!!"),
    "kind": ED.replace("PRIVATE KEY", "FOO PRIVATE KEY"),
    "kind2": ED.replace("PRIVATE KEY", "ED25519 KEY"),
    "as rsa": ED.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
    "as ec": ED.replace("PRIVATE KEY", "EC PRIVATE KEY"),
    "as dsa": ED.replace("PRIVATE KEY", "DSA PRIVATE KEY"),
    "ends differently": ED.replace("END PRIVATE", "END RSA PRIVATE"),
    "indented": " " + ED,
    "same line": "x" + ED,
    "colon": ED.replace("CwwNDg8Q", "CwwN:g8Q"),
}
WHOLE: dict[str, Any] = {
    "before": "words\n" + ED,
    "after": ED + "words",
    "crlf": ED.replace("\n", "\r\n"),
    "headers": ED.replace("KEY-----\nMC", "KEY-----\nA: b\nC: d\n\nMC"),
    "spaces": ED.replace("\nMC", "\n MC\t").replace("KEY-----\n", "KEY-----  \n"),
    "twice": DEFAULTS["ed"] + DEFAULTS["ec"],
    "begun before": "-----BEGIN X-----\n" + ED,
    "no end of line": ED.removesuffix("\n"),
    "broken first": BROKEN["bad base64"] + ED,
}


def cases() -> Iterator[dict[str, Any]]:
    for name, kind in KINDS.items():
        both = f"\\{{{CERTIFICATE}\n {shape(kind)}\\}}"
        data = {"k": DEFAULTS[name], "ca": DEFAULTS["ca"], "ed": ED}
        yield {"text": '{{genCAWithKey "name" 365 .k}}', "data": data, "shape": both}
        yield {"text": f'{{{{genSelfSignedCertWithKey "name" {NAMES} 365 .k}}}}', "data": data, "shape": both}
        signed = f'{AUTHORITY}{{{{genSignedCertWithKey "name" {NAMES} 365 $ca .k}}}}'
        yield {"text": signed, "data": data, "shape": both}
        yield {"text": '{{$c := genCAWithKey "" 0 .k}}{{$c.Key}}', "data": data, "shape": shape(kind)}
    for name, text in (BROKEN | WHOLE).items():
        data = {"k": text, "ca": DEFAULTS["ca"], "ed": ED}
        made = {"shape": f"{CERTIFICATE}\n"} if name in WHOLE else {}
        yield {"text": '{{(genCAWithKey "n" 1 .k).Cert}}', "data": data, **made}
        yield {"text": '{{(genSelfSignedCertWithKey "n" nil nil 1 .k).Cert}}', "data": data, **made}
        yield {"text": AUTHORITY + '{{(genSignedCertWithKey "n" nil nil 1 $ca .k).Cert}}', "data": data, **made}
        yield {"text": '{{(buildCustomCert (b64enc .ca) (b64enc .k)).Key | printf "%q"}}', "data": data}
        yield {"text": '{{(buildCustomCert (b64enc .k) (b64enc .ed)).Cert | printf "%q"}}', "data": data}
    yield from made_new()
    yield from names()
    yield from authorities()
    yield from calls()


def made_new() -> Iterator[dict[str, Any]]:
    rsa = shape("RSA PRIVATE KEY")
    yield {"text": '{{genCA "name" 365}}', "shape": f"\\{{{CERTIFICATE}\n {rsa}\\}}"}
    yield {"text": f'{{{{(genSelfSignedCert "name" {NAMES} 365).Cert}}}}', "shape": f"{CERTIFICATE}\n"}
    data = {"ca": DEFAULTS["ca"], "ed": ED}
    signed = AUTHORITY + '{{(genSignedCert "name" nil nil 365 $ca).Key}}'
    yield {"text": signed, "data": data, "shape": rsa}


def names() -> Iterator[dict[str, Any]]:
    for ips in [
        '(list "10.0.0.256")',
        '(list "010.0.0.1")',
        '(list "fe80::1%eth0")',
        '(list "")',
        "(list 1)",
        "(list nil)",
        '(list "1.2.3.4" "x")',
        '(splitList "," "1.2.3.4")',
        '"1.2.3.4"',
        "1",
    ]:
        yield {"text": f'{{{{genSelfSignedCertWithKey "n" {ips} nil 1 .ed}}}}', "data": {"ed": ED}}
        yield {"text": f'{{{{genSelfSignedCert "n" {ips} nil 1}}}}'}
        yield {
            "text": f'{AUTHORITY}{{{{genSignedCert "n" {ips} nil 1 $ca}}}}',
            "data": {"ca": DEFAULTS["ca"], "ed": ED},
        }
    for dns in ["(list 1)", "(list nil)", '(list "\u00e9.example")', '(list "a" 2)', '"a"', "2"]:
        yield {"text": f'{{{{genSelfSignedCertWithKey "n" nil {dns} 1 .ed}}}}', "data": {"ed": ED}}
        yield {"text": f'{{{{genSelfSignedCert "n" nil {dns} 1}}}}'}
        yield {
            "text": f'{AUTHORITY}{{{{genSignedCert "n" nil {dns} 1 $ca}}}}',
            "data": {"ca": DEFAULTS["ca"], "ed": ED},
        }
    for ips in ["(list)", "nil", '(list "::ffff:1.2.3.4" "1.2.3.4")', '(list "2001:DB8::1")']:
        made = f'{{{{(genSelfSignedCertWithKey "" {ips} (list "") 1 .ed).Cert}}}}'
        yield {"text": made, "data": {"ed": ED}, "shape": f"{CERTIFICATE}\n"}


def authorities() -> Iterator[dict[str, Any]]:
    data = dict(DEFAULTS)
    for text in [
        "{{$ca := buildCustomCert (b64enc .ca) (b64enc .ed2)}}{{genSignedCertWithKey `n` nil nil 1 $ca .ec}}",
        "{{$ca := buildCustomCert (b64enc .ca) (b64enc .ec)}}{{genSignedCertWithKey `n` nil nil 1 $ca .ec}}",
        "{{$ca := buildCustomCert (b64enc .ca) (b64enc .dsa)}}{{genSignedCertWithKey `n` nil nil 1 $ca .ec}}",
        "{{$ca := buildCustomCert (b64enc .ca) (b64enc .ed)}}{{genSignedCertWithKey `n` nil nil 1 $ca .dsa}}",
        "{{$ca := buildCustomCert (b64enc .ca) (b64enc .ed)}}{{genSignedCert `n` nil nil 1 $ca.Cert}}",
        "{{genCAWithKey `n` 1 .dsa}}",
        "{{genSelfSignedCertWithKey `n` nil nil 1 .dsa}}",
        "{{(buildCustomCert (b64enc .ca) (b64enc .dsa)).Key}}",
        "{{(buildCustomCert (b64enc .ca) (b64enc .rsa8)).Cert}}",
        "{{buildCustomCert (b64enc .ca) (b64enc .ed)}}",
        "{{$c := buildCustomCert (b64enc .ca) (b64enc .ed)}}{{printf `%T` $c}} {{toJson $c}} {{$c.Nope}}",
        "{{buildCustomCert .ca .ed}}",
        "{{buildCustomCert (b64enc .ca) .ed}}",
        "{{buildCustomCert `!` `!`}}",
        "{{buildCustomCert (b64enc `x`) (b64enc `x`)}}",
    ]:
        yield {"text": text, "data": data}


def calls() -> Iterator[dict[str, Any]]:
    for name in ["genCA", "genCAWithKey", "buildCustomCert"]:
        for arguments in [
            "",
            '"a"',
            '1 "a"',
            '"a" "b"',
            "nil nil",
            '"a" 1.5',
            '"a" 1 2',
            '"a" 1 nil',
            ".x 1",
            '"a" .x',
        ]:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {}}
    for name in ["genSelfSignedCert", "genSignedCert", "genSelfSignedCertWithKey", "genSignedCertWithKey"]:
        for arguments in [
            "",
            '"a"',
            '"a" nil nil',
            '"a" nil nil "x"',
            '"a" nil nil 1 1',
            '"a" nil nil 1 "x" "y"',
            '1 nil nil 1 "x"',
            '"a" .x .x .x',
        ]:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {}}
