"""What the operator asks of a KMS for a folder, for the bare loops to ask the same."""

from __future__ import annotations

from typing import Final

PROJECT_ID: Final = "5f3c5c6e-6f4f-4d43-9c5c-2a8f6d0e1b11"
"""The one that `late.py` knows."""
ENVIRONMENT: Final = "prod"
PARAMS: Final = {
    "projectId": PROJECT_ID,
    "environment": ENVIRONMENT,
    "recursive": "false",
    "include_imports": "true",
    "expandSecretReferences": "true",
    "viewSecretValue": "true",
    "includeImports": "true",
    "includePersonalOverrides": "false",
}
"""All but the folder's path."""
