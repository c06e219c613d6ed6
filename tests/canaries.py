"""Secret texts that can be found again wherever they show, and the search for them.

Each begins and ends with one core of letters and digits, which percent-encoding, JSON and `repr` leave as it is;
between the two stand the characters that they change. So a search for the core, its base64 at every offset and its
hex finds a secret whole or cut, in whatever form it was printed.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from itertools import count

CORE = "c4n4ry"
_ROUGH = "\"/%+\\'=&<ü€ "
_serials: defaultdict[str, count[int]] = defaultdict(lambda: count(1))


def canary(name: str = "value") -> str:
    """Return a new secret text, printable and valid in JSON; the first of a name is always the same."""
    return f"{CORE}-{name}-{next(_serials[name])}{_ROUGH}{CORE}"


def canary_bytes(size: int) -> bytes:
    """Return so many bytes that show as a canary in hex: entropy for tokens."""
    return f"{CORE}{next(_serials['bytes']):08}".encode().ljust(size, b".")[:size]


def _in_base64(text: str) -> Iterator[str]:
    """Yield the digits that the text has in base64, whatever stands before and behind it."""
    raw = text.encode()
    for before in range(3):
        digits = b64encode(b"\0" * before + raw + b"\0\0").decode()
        yield digits[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]


FORMS = (CORE, CORE.encode().hex(), *_in_base64(CORE))


def shown(text: str) -> list[str]:
    """Return where a canary shows, as the text around it."""
    lower = text.lower()  # hex comes in both cases, and nothing else that is searched has many letters
    places = [lower.find(form) for form in FORMS[:2]] + [text.find(form) for form in FORMS[2:]]
    return [text[max(0, place - 60) : place + 20] for place in places if place >= 0]
