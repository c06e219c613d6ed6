"""Sprig's functions of passwords: hashes to keep, and passwords that are derived from a master password."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

import bcrypt as library

from ..functions import Function
from ..runtime import Run
from ..values import encoded

COST: Final = 25_000
"""What a hash counts as, in turns of loops: it takes a tenth of a second, and the limit bounds how many there may be."""
_LONGEST: Final = 72
_ROUNDS: Final = 10
_ALPHABET: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)
"""From the characters of base64 to those of bcrypt."""
_PURPOSE: Final = b"com.lyndir.masterpassword"
_SCRYPT_MEMORY: Final = 64 * 2**20
_VOWELS, _CONSONANTS, _DIGITS = "AEIOU", "BCDFGHJKLMNPQRSTVWXYZ", "0123456789"
_LETTERS: Final = _VOWELS + _VOWELS.lower() + _CONSONANTS + _CONSONANTS.lower()
_CLASSES: Final = {
    "V": _VOWELS,
    "C": _CONSONANTS,
    "v": _VOWELS.lower(),
    "c": _CONSONANTS.lower(),
    "a": _LETTERS,
    "n": _DIGITS,
    "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": _LETTERS + _DIGITS + "!@#$%^&*()",
}
"""The characters of which one letter of a form stands for one; their order is part of the algorithm."""
_FORMS: Final = {
    "maximum": "anoxxxxxxxxxxxxxxxxx axxxxxxxxxxxxxxxxxno",
    "long": (
        "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv"
        " CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv"
        " CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"
    ),
    "medium": "CvcnoCvc CvcCvcno",
    "short": "Cvcn",
    "basic": "aaanaaan aannaaan aaannaaa",
    "pin": "nnnn",
}
"""The forms of passwords that the Master Password algorithm knows."""


def bcrypt(run: Run, password: str) -> str:
    """Return the bcrypt hash of a password, or what is wrong with it: it may have 72 bytes."""
    raw = encoded(password)
    if len(raw) > _LONGEST:
        return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes"
    run.spend(COST)
    salt = b64encode(run.sources.random(16)).translate(_ALPHABET)[:22]
    return library.hashpw(raw, b"$2a$%d$%s" % (_ROUNDS, salt)).decode("ascii")


def htpasswd(run: Run, name: str, password: str) -> str:
    """Return a line for a file of passwords, or what is wrong with the name: it has a colon."""
    return f"invalid username: {name}" if ":" in name else f"{name}:{bcrypt(run, password)}"


def derive_password(  # noqa: PLR0917  # Sprig's parameters
    run: Run, counter: int, form: str, password: str, user: str, site: str
) -> str:
    """Return the password of a site by the Master Password algorithm, or that there is no such form."""
    forms = _FORMS.get(form, "").split()
    if not forms:
        return f"cannot find password template {form}"
    run.spend(COST)
    seed = hmac.digest(_key(password, user), _framed(site) + counter.to_bytes(4), "sha256")
    chosen = forms[seed[0] % len(forms)]
    return "".join(_CLASSES[kind][byte % len(_CLASSES[kind])] for kind, byte in zip(chosen, seed[1:], strict=False))


def _key(password: str, user: str) -> bytes:
    salt = _framed(user)
    return hashlib.scrypt(encoded(password), salt=salt, n=32_768, r=8, p=2, maxmem=_SCRYPT_MEMORY, dklen=64)


def _framed(text: str) -> bytes:
    raw = encoded(text)
    return _PURPOSE + len(raw).to_bytes(4) + raw


_STRINGS: Final = ("string", "string", "string", "string")

FUNCTIONS: Final[Mapping[str, Function]] = {
    "bcrypt": Function(bcrypt, ("string",), gives="string", needs_run=True),
    "derivePassword": Function(derive_password, ("uint32", *_STRINGS), gives="string", needs_run=True),
    "htpasswd": Function(htpasswd, ("string", "string"), gives="string", needs_run=True),
}
