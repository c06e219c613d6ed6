"""Kubernetes manifests as package data: the CRDs this package serves, and an example of each.

from secretsync_k8s.manifests import crd

kubernetes_client.create_custom_resource_definition(crd("kmssecrets"))
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

__all__ = ["crd", "example", "text"]


def crd(name: str) -> dict[str, Any]:
    """Return the CRD of the resource `name` (its plural: `kmssecrets`) as a fresh object; raises as `text` does."""
    return _object(text(name))


def example(name: str) -> dict[str, Any]:
    """Return the documentation's example of a kind (`kmssecret`) as a fresh object; raises as `text` does."""
    return _object(text(name, folder="examples"))


def text(name: str, *, folder: str = "crds") -> str:
    """Return a manifest as YAML.

    Raises:
        LookupError: There is no such manifest; the text names those there are.
    """
    manifests = files(__name__) / folder
    manifest = manifests / f"{name}.yaml"
    if not manifest.is_file():
        known = ", ".join(sorted(each.name.removesuffix(".yaml") for each in manifests.iterdir()))
        raise LookupError(f"no manifest named {name!r} among the {folder}; there are: {known}")
    return manifest.read_text("utf-8")


def _object(manifest: str) -> dict[str, Any]:
    return deepcopy(_read(manifest))


@cache
def _read(manifest: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(manifest)
    return read
