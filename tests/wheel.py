"""Checks a wheel that is installed in the environment which runs this, and nothing else beside it.

    python wheel.py FILE.whl PACKAGE

The wheel holds its licence and its mark of being typed, and every module of the package can be imported without
extras, but for those in rooms that are an extra's own.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from zipfile import ZipFile

from secretsync.errors import MissingExtra

EXTRAS = (
    "secretsync.devserver.",
    "secretsync.templates.kmssecret.chains",
    "secretsync.templates.kmssecret.jwk",
    "secretsync.templates.kmssecret.keys",
    "secretsync.templates.kmssecret.pkcs12",
    "secretsync.templates.sprig.certificates",
    "secretsync.templates.sprig.encryption",
    "secretsync.templates.sprig.keys",
    "secretsync.templates.sprig.passwords",
    "secretsync.templates.sprig.regex",
    "secretsync.testing.driver",
    "secretsync.testing.kms",
    "secretsync.testing.plugin",
    "secretsync.testing.simulation.",
    "secretsync.testing.world",
    "secretsync_agent.testing.simulation.",
    "secretsync_k8s.operator.",
    "secretsync_k8s.testing.simulation.",
)
"""Rooms that only somebody who has their extra enters; without it they say which one is missing, or their vendor."""


def missing_files(wheel: str, package: str) -> Iterator[str]:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    for end in (f"{package}/py.typed", "/licenses/LICENSE"):
        if not any(name.endswith(end) for name in names):
            yield f"{wheel} holds no {end}"


def broken_modules(package: str) -> Iterator[str]:
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, f"{package}."):
        try:
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
        except (ImportError, MissingExtra) as missing:
            if not module.name.startswith(EXTRAS):
                yield f"{module.name} cannot be imported without extras: {missing}"


def main(wheel: str, package: str) -> int:
    problems = [*missing_files(wheel, package), *broken_modules(package)]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
