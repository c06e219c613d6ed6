"""The programs of a Kubernetes control plane: etcd, kube-apiserver, kube-controller-manager and kubectl.

    python -m controlplane.build        print the folder they are in, once they are there

They are those of the folder that KUBEBUILDER_ASSETS names, or are built by Go from the modules that go.mod beside this
lists: once for each state of the recipe, into a cache outside of the repository. That takes ten minutes of two cores.

`k8s.io/kubernetes` requires its own libraries at v0.0.0 and replaces them by folders of its repository, for which
`go install` refuses it. Each is published as v0.MINOR.PATCH too, so a module of ours that replaces them builds it.
etcd is of the version that Kubernetes names: another one would change the libraries of both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
INSTEAD: Final = (
    f"set KUBEBUILDER_ASSETS to a folder with {', '.join(PROGRAMS)}, or install Go (https://go.dev/dl) to have them "
    'built; without either, leave the tests that need a real cluster out by -m "not cluster"'
)


class Missing(Exception):
    """The programs cannot be had; the text says what is missing and what to do."""


def programs() -> Path:
    """Return the folder that holds PROGRAMS; where they must be built first, once however many ask at once.

    Raises:
        Missing: They are not in KUBEBUILDER_ASSETS, there is no Go, or it failed.
    """
    if named := os.environ.get("KUBEBUILDER_ASSETS"):
        return _complete(Path(named))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "secretsync" / "controlplane"
    built = cache / _key()
    if not built.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # ends with its process, however that ends
            if not built.exists():
                _build(built)
    return built


def _complete(folder: Path) -> Path:
    if missing := [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]:
        raise Missing(f"KUBEBUILDER_ASSETS names {folder}, where there is no {', '.join(missing)}: {INSTEAD}")
    return folder


def _key() -> str:
    """Return what tells one state of the recipe from another: the modules, how they are built, and by which Go."""
    if shutil.which("go") is None:
        raise Missing(f"there is no kube-apiserver to test with: {INSTEAD}")
    recipe = b"".join((HERE / name).read_bytes() for name in ("go.mod", "go.sum", "build.py"))
    go = subprocess.run(["go", "version"], check=True, capture_output=True).stdout
    return hashlib.sha256(recipe + go).hexdigest()[:16]


def _build(to: Path) -> None:
    making = to.with_name("making")
    shutil.rmtree(making, ignore_errors=True)  # what a killed build has left
    # No debug data and a lazy collector: 15 % less processor time, the same programs.
    command = ("go", "build", "-trimpath", "-gcflags=all=-dwarf=false", f"-ldflags={_linked()}", "-o", f"{making}/")
    flags = {"GOGC": "400", "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    environ = os.environ | flags
    done = subprocess.run([*command, "tool"], check=False, cwd=HERE, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"go build failed: {done.stderr[-2000:]}\n{INSTEAD}")
    (making / "server").rename(making / "etcd")  # how the etcd module calls its program
    making.rename(to)


def _linked() -> str:
    """Return flags by which the programs know their version: kubectl and discovery tell it."""
    found = re.search(
        r"^require k8s\.io/kubernetes v(([0-9]+)\.([0-9]+)\.\S+)$", (HERE / "go.mod").read_text(), re.MULTILINE
    )
    assert found
    version, major, minor = found.groups()
    told = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(["-s -w", *(f"-X {where}.{name}={text}" for where in packages for name, text in told.items())])


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{programs()}\n")
    except Missing as missing:
        sys.exit(str(missing))
