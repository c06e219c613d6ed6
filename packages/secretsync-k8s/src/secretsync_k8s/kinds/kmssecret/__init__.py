"""KMSSecret: a folder of a KMS project kept in Kubernetes Secrets (group `secrets.lux.network/v1alpha1`).

spec        what a manifest says, every problem at once
blocks      how it is read
logins      how it logs in
targets     what it keeps
connection  where its KMS is and whom to trust there
desired     what should be, by asking: `reading` the secrets, `rendering` the templates
version     the text that tells a change of content
status      conditions and the rest of the status
guard       who may use what of other namespaces
kind        all but the guard together, as the operator sees them
"""

from ...cluster.resources import KMSSECRETS as KMSSECRETS
from .guard import CrossNamespace as CrossNamespace
from .guard import NamespaceGuard as NamespaceGuard
from .kind import KMSSecret as KMSSecret
from .version import VersionFormat as VersionFormat

__all__ = ["KMSSECRETS", "CrossNamespace", "KMSSecret", "NamespaceGuard", "VersionFormat"]
