"""KMSSecret: a folder of a KMS project kept in Kubernetes Secrets (group `secrets.lux.network/v1alpha1`).

spec      what a manifest says, every problem at once
desired   what should be, by asking
status    conditions and the rest of the status
kind      the three together, as the operator sees them
"""

from .kind import KMSSECRETS as KMSSECRETS
from .kind import KMSSecret as KMSSecret

__all__ = ["KMSSECRETS", "KMSSecret"]
