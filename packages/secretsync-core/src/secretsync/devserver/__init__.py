"""The development KMS: an Infisical-compatible server in memory, for development and tests (kms-api §14).

    seed        what it starts with                 model       what it knows, without HTTP
    identities  who may ask · methods · tokens      logins/     how their proofs are checked · authority
    rights      who may do what where               clouds      whose machines it plays · metadata/
    reading     rows, imports · references          endpoints/  by subject · api joins them · parameters · wire
    routing     requests without a network          gate        paths, faults, journal
    control     the API of tests                    serving     uvicorn · server, the thread around it

Needs the extra `dev`; importing this package does not.
"""

from .faults import Asked, Fault
from .refusals import Refusal
from .seed import Seed, load_seed, parse_seed
from .server import DevServer, ListenFailed

__all__ = ["Asked", "DevServer", "Fault", "ListenFailed", "Refusal", "Seed", "load_seed", "parse_seed"]
