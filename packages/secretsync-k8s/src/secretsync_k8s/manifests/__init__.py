"""Kubernetes manifests as package data: the CRDs this package serves, by plural name.

from secretsync_k8s.manifests import crd

kubernetes_client.create_custom_resource_definition(crd("kmssecrets"))
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

__all__ = ["crd", "text"]


def text(name: str) -> str:
    """Return the CRD of the resource `name` (its plural: `kmssecrets`) as YAML.

    Raises:
        LookupError: There is no such manifest; the text names those there are.
    """
    folder = files(__name__) / "crds"
    manifest = folder / f"{name}.yaml"
    if not manifest.is_file():
        known = ", ".join(sorted(each.name.removesuffix(".yaml") for each in folder.iterdir()))
        raise LookupError(f"no manifest of a CRD named {name!r}; there are: {known}")
    return manifest.read_text("utf-8")


def crd(name: str) -> dict[str, Any]:
    """Return the CRD of the resource `name` as a fresh object; raises as `text` does."""
    manifest: dict[str, Any] = yaml.safe_load(text(name))
    return manifest
