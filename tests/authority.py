"""A certificate authority and a server's certificate, made by the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import pytest

SERVER = "kms.test"


def made(folder: Path, *, address: str = "") -> Path:
    """Return the folder with `ca.pem` and `server.pem` in it, the latter for `SERVER`, or an address, with its key."""
    if which("openssl") is None:
        pytest.skip("needs the openssl command")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={SERVER}")
    (folder / "names").write_text(f"subjectAltName=IP:{address}" if address else f"subjectAltName=DNS:{SERVER}")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.crt")
    (folder / "server.pem").write_text((folder / "server.crt").read_text() + (folder / "server.key").read_text())
    return folder
