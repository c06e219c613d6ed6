"""The three packages are released together, under one version."""

import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("secretsync-core", "secretsync-k8s", "secretsync-agent")


def project(folder: Path) -> dict[str, object]:
    table = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    return table["project"]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_the_version_of_the_workspace(package: str) -> None:
    assert project(ROOT / "packages" / package)["version"] == project(ROOT)["version"]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_installed_is_what_is_here(package: str) -> None:
    assert version(package) == project(ROOT / "packages" / package)["version"]


@pytest.mark.parametrize("package", ["secretsync-k8s", "secretsync-agent"])
def test_a_shell_needs_exactly_the_library_it_was_made_with(package: str) -> None:
    needed = [line.partition(";")[0].strip() for line in requires(package) or () if line.startswith("secretsync-core")]
    assert needed
    assert {line.partition("==")[2] for line in needed} == {version("secretsync-core")}
