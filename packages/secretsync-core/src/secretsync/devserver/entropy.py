"""Where tokens and ids come from."""

from __future__ import annotations

from collections.abc import Callable

Entropy = Callable[[int], bytes]
"""That many bytes nobody can guess: `os.urandom` in a shell, a seeded source in tests."""
