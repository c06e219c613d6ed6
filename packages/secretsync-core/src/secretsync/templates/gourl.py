"""URLs as Go's `net/url` takes them apart and puts them together. Bytes in, bytes out: a URL need not be UTF-8."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Part = Literal["path", "host", "zone", "user", "fragment"]

_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_HOST: Final = b"!\"$&'()*+,:;<=>[]"
_PLAIN: Final[dict[Part, bytes]] = {
    "path": _LETTERS + b"$&+,/:;=@",
    "host": _LETTERS + _HOST,
    "zone": _LETTERS + _HOST,
    "user": _LETTERS + b"$&+,;=",
    "fragment": _LETTERS + b"!$&()*+,/:;=?@",
}
"""The bytes that each part of a URL has as they are."""
_BAD_ESCAPE: Final = rb"%(?![0-9A-Fa-f]{2})"
_SCHEME: Final = rb"([A-Za-z][A-Za-z0-9+.-]*):"
_USERINFO: Final = rb"[A-Za-z0-9._:~!$&'()*+,;=%@-]*"
_PORT: Final = rb"(?::[0-9]*)?"
_REDACTED: Final = "[redacted]"


class BadUrl(ValueError):
    """A text is no URL; the text of the error is Go's, with the input redacted."""


class User(NamedTuple):
    """Who asks; without a password there is no colon."""

    name: bytes
    password: bytes | None

    def escaped(self) -> bytes:
        """Return it as a URL has it."""
        password = b"" if self.password is None else b":" + escaped(self.password, "user")
        return escaped(self.name, "user") + password


class Url(NamedTuple):
    """The parts of a URL, unescaped but for `opaque` and `query`."""

    scheme: bytes = b""
    opaque: bytes = b""
    user: User | None = None
    host: bytes = b""
    path: bytes = b""
    query: bytes = b""
    fragment: bytes = b""

    def hostname(self) -> bytes:
        """Return the host without its port, and without the brackets of an address."""
        colon = self.host.rfind(b":")
        found = self.host[:colon] if colon >= 0 and _is_port(self.host[colon:]) else self.host
        return found[1:-1] if found.startswith(b"[") and found.endswith(b"]") else found

    def joined(self) -> bytes:
        """Return the URL."""
        text = self.scheme + b":" if self.scheme else b""
        text += self.opaque or self._hierarchy(nothing_before=not text)
        if self.query:
            text += b"?" + self.query
        return text + b"#" + escaped(self.fragment, "fragment") if self.fragment else text

    def _hierarchy(self, *, nothing_before: bool) -> bytes:
        text = b""
        if self.host or self.user or (self.scheme and self.path):
            text = b"//" + (self.user.escaped() + b"@" if self.user else b"") + escaped(self.host, "host")
        path = b"*" if self.path == b"*" else escaped(self.path, "path")
        if path and not path.startswith(b"/") and self.host:
            text += b"/"
        if nothing_before and not text and b":" in path.partition(b"/")[0]:
            text += b"./"  # what is before the colon would be taken for a scheme
        return text + path


def parse_url(text: bytes) -> Url:
    """Return the parts of a URL.

    Raises:
        BadUrl: It is none.
    """
    before, _, fragment = text.partition(b"#")
    return _without_fragment(before)._replace(fragment=unescaped(fragment, "fragment"))


def _without_fragment(text: bytes) -> Url:
    if re.search(rb"[\x00-\x1f\x7f]", text):
        raise BadUrl("net/url: invalid control character in URL")
    if text == b"*":
        return Url(path=b"*")
    if text.startswith(b":"):
        raise BadUrl("missing protocol scheme")
    found = re.match(_SCHEME, text)
    scheme = found[1].lower() if found else b""
    rest, _, query = text[found.end() if found else 0 :].partition(b"?")
    if not rest.startswith(b"/"):
        if scheme:
            return Url(scheme=scheme, opaque=rest, query=query)
        if b":" in rest.partition(b"/")[0]:
            raise BadUrl("first path segment in URL cannot contain colon")
    user, host = None, b""
    if rest.startswith(b"//") and (scheme or not rest.startswith(b"///")):
        authority, slash, path = rest[2:].partition(b"/")
        user, host = _authority(scheme, authority)
        rest = slash + path
    return Url(scheme=scheme, user=user, host=host, path=unescaped(rest, "path"), query=query)


def _authority(scheme: bytes, authority: bytes) -> tuple[User | None, bytes]:
    userinfo, sign, host = authority.rpartition(b"@")
    host = _host(scheme, host)
    if not sign:
        return None, host
    if not re.fullmatch(_USERINFO, userinfo):
        raise BadUrl("net/url: invalid userinfo")
    name, colon, password = userinfo.partition(b":")
    return User(unescaped(name, "user"), unescaped(password, "user") if colon else None), host


def _host(scheme: bytes, host: bytes) -> bytes:
    bracket = host.rfind(b"[")
    if bracket > 0:
        raise BadUrl("invalid IP-literal")
    if bracket == 0:
        return _ip_literal(host)
    # Beyond HTTP, the last of several colons may be that of the port.
    colon = host.find(b":") if scheme in {b"http", b"https"} else host.rfind(b":")
    if colon >= 0 and not _is_port(host[colon:]):
        raise BadUrl(f"invalid port {_REDACTED} after host")
    return unescaped(host, "host")


def _ip_literal(host: bytes) -> bytes:
    end = host.rfind(b"]")
    if end < 0:
        raise BadUrl("missing ']' in host")
    if not _is_port(host[end + 1 :]):
        raise BadUrl(f"invalid port {_REDACTED} after host")
    name, mark, zone = host[1:end].partition(b"%25")
    literal = unescaped(name, "host") + (unescaped(mark + zone, "zone"))
    _check_address(literal)
    return b"[" + literal + b"]" + host[end + 1 :]


def _check_address(literal: bytes) -> None:
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    address, percent, zone = literal.partition(b"%")
    is_version_4 = re.match(rb"[^:%]*\.", literal) is not None
    try:
        (IPv4Address if is_version_4 else IPv6Address)((literal if is_version_4 else address).decode("ascii"))
    except (AddressValueError, UnicodeDecodeError):
        raise BadUrl(f"invalid host: ParseAddr({_REDACTED}): {_REDACTED}") from None
    if is_version_4:
        raise BadUrl("invalid IP-literal")
    if percent and not zone:
        raise BadUrl(f"invalid host: ParseAddr({_REDACTED}): zone must be a non-empty string")


def _is_port(text: bytes) -> bool:
    return re.fullmatch(_PORT, text) is not None


def escaped(raw: bytes, part: Part) -> bytes:
    """Return bytes as they stand in a part of a URL."""
    return re.sub(b"[^" + re.escape(_PLAIN[part]) + b"]+", _percent, raw)


def _percent(found: re.Match[bytes]) -> bytes:
    return b"%" + found[0].hex("%").upper().encode("ascii")


def unescaped(raw: bytes, part: Part) -> bytes:
    """Return what bytes in a part of a URL stand for.

    Raises:
        BadUrl: They cannot stand there.
    """
    bad = re.search(_bad(part), raw)
    if bad and bad[0].startswith(b"%"):
        raise BadUrl(f"invalid URL escape {_REDACTED}")
    if bad:
        raise BadUrl(f"invalid character {_REDACTED} in host name")
    return re.sub(rb"(?:%[0-9A-Fa-f]{2})+", lambda found: bytes.fromhex(found[0].replace(b"%", b"").decode()), raw)


@lru_cache(maxsize=8)
def _bad(part: Part) -> bytes:
    """Return a pattern of what may not stand in a part; in hosts, escapes are for what is not ASCII alone."""
    if part not in {"host", "zone"}:
        return _BAD_ESCAPE
    escapes = b"[0-7]"
    if part == "zone":
        refused = [char for char in range(256) if char not in _PLAIN["host"] and char not in b" %"]
        escapes = b"(?i:" + b"|".join(b"%02x" % char for char in refused) + b")"
    return b"%s|%%(?!25)%s|[^%%\x80-\xff%s]" % (_BAD_ESCAPE, escapes, re.escape(_PLAIN[part]))
