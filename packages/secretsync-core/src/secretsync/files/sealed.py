"""Entries on a disk that only who has the key can read: AES-256-GCM, one file an entry. Needs the extra `crypto`.

    secretsync-sealed-1 · salt, 16 bytes · nonce, 12 bytes · the sealed bytes with their tag

The key of an entry is made of the key and its salt by HKDF, so that no two have the same; its name is authenticated with
it, so that none can take another's place. What is in them can be had anew. So nothing about them is an error: an entry
that cannot be read (of another key, cut off, of another form) is removed and counted, and so is one that cannot be written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from ..errors import CredentialsNotFound, MissingExtra, SecretSyncError
from ..values import SecretValue
from .locks import sweep
from .writing import PREFIX, SUFFIX, Form, write

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT: Final = b"secretsync-sealed-1\n"
_SALT: Final = 16
_NONCE: Final = 12
_KEY: Final = 32
_INFO: Final = b"secretsync sealed entry"
_FOLDER: Final = 0o700
_FORM: Final = Form(mode=0o600, uid=None, gid=None, backup=False, umask=0o077)
_ENTRY: Final = ".sealed"


@final
class Sealed:
    """A folder of entries, for its owner alone. Safe to call from several threads, never with the same entry at once.

    What writes that were killed have left in it is removed at first.

    Args:
        folder: Its path; made when the first entry is written.
        key: Returns what the keys are made of, as it is now; what is written is sealed with that.
        entropy: So many bytes that nobody can guess.

    Attributes:
        dropped: How many entries could not be read.
        unwritten: How many could not be written.

    Raises:
        MissingExtra: cryptography is not installed.
    """

    def __init__(self, folder: str, *, key: Callable[[], SecretValue], entropy: Callable[[int], bytes]) -> None:
        self.dropped: int = 0
        self.unwritten: int = 0
        self._folder = Path(folder)
        self._key = key
        self._entropy = entropy
        self._refused = _refused()
        with suppress(OSError):  # it is yet to be created, or a write will say what is wrong
            sweep(self._folder, f"{PREFIX}*{SUFFIX}")

    def write(self, name: str, plain: bytes) -> bool:
        """Write an entry; return whether it is on the disk, where otherwise the old one stays."""
        try:
            sealed = self._sealed(name, plain)
            self._folder.mkdir(_FOLDER, parents=True, exist_ok=True)
            os.close(write(str(self._path(name)), sealed, _FORM))
        except (OSError, SecretSyncError):
            self.unwritten += 1
            return False
        return True

    def read(self, name: str) -> bytes | None:
        """Return an entry; None: there is none that can be read."""
        try:
            return self._opened(name, self._path(name).read_bytes())
        except FileNotFoundError:
            return None
        except self._refused:
            self.drop(name)
            return None
        except (OSError, SecretSyncError):
            pass  # nothing is wrong with the entry, and it may be read another time
        self.dropped += 1
        return None

    def drop(self, name: str) -> None:
        """Remove an entry of which nobody can make anything, and count it."""
        self.dropped += 1
        self.remove(name)

    def remove(self, name: str) -> None:
        """Have no entry of this name."""
        with suppress(OSError):  # what stays is sealed, and taken for nothing that is needed
            self._path(name).unlink(missing_ok=True)

    def names(self) -> Collection[str]:
        """Return the names of all entries."""
        with suppress(OSError):  # the folder is yet to be created
            return [path.name.removesuffix(_ENTRY) for path in self._folder.glob(f"*{_ENTRY}")]
        return ()

    # -- inside

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENTRY}"

    def _sealed(self, name: str, plain: bytes) -> bytes:
        salt, nonce = self._entropy(_SALT), self._entropy(_NONCE)
        return _FORMAT + salt + nonce + self._cipher(salt).encrypt(nonce, plain, name.encode())

    def _opened(self, name: str, sealed: bytes) -> bytes:
        form, salt, nonce, rest = _parts(sealed, len(_FORMAT), _SALT, _NONCE)
        if form != _FORMAT or len(nonce) < _NONCE:
            raise ValueError("another form")
        return self._cipher(salt).decrypt(nonce, rest, name.encode())

    def _cipher(self, salt: bytes) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        key = self._key().reveal()
        if not key:
            raise CredentialsNotFound("the key of sealed entries is empty")
        return AESGCM(HKDF(SHA256(), _KEY, salt, _INFO).derive(key))


def _refused() -> tuple[type[Exception], ...]:
    """Return what says that bytes are no entry of this key."""
    try:
        from cryptography.exceptions import InvalidTag
    except ModuleNotFoundError:
        raise MissingExtra("sealed entries", "secretsync-core[crypto]") from None
    return InvalidTag, ValueError


def _parts(raw: bytes, *sizes: int) -> list[bytes]:
    """Return pieces of these sizes, and the rest."""
    ends = list(accumulate(sizes))
    return [raw[start:end] for start, end in zip([0, *ends], [*ends, None], strict=True)]
