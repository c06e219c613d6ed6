"""Users' manifests from files: every object with the place where each of its fields stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from attrs import field

from secretsync.classes import frozen
from secretsync.errors import InvalidInput

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_STEP: Final = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes has it: what looks like a date is text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@frozen
class Manifest:
    """One object of a file; `source` is the file's name."""

    source: str
    body: dict[str, Any] = field(repr=False)
    _node: yaml.Node = field(repr=False)

    def place(self, path: str = "") -> str:
        """Return `file:line:column` of a path such as `spec.targets[0].name`, or of the deepest part that is there."""
        node, mark = self._node, self._node.start_mark
        for name, number in _STEP.findall(path):
            found = _child(node, name, number)
            if found is None:
                break
            mark, node = found
        return f"{self.source}:{mark.line + 1}:{mark.column + 1}"


def read(paths: Iterable[Path]) -> list[Manifest]:
    """Return all objects of files, and of the YAML and JSON files in folders; those in a List are objects, too.

    Raises:
        InvalidInput: With every file that cannot be read and every document that is no object.
    """
    found: list[Manifest] = []
    problems: list[str] = []
    for path in paths:
        try:
            for file in _files(path):
                found.extend(_objects(file))
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput(problems)
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    if not files:
        raise InvalidInput([f"{path}: holds no file that ends with {', '.join(sorted(_SUFFIXES))}"])
    return files


def _objects(file: Path) -> Iterator[Manifest]:
    try:
        yield from _documents(file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise InvalidInput([f"{place}: not valid YAML: {error.problem or error.context}"]) from None
    except yaml.YAMLError:
        raise InvalidInput([f"{file}: not valid YAML: it holds a character that YAML does not allow"]) from None


def _documents(file: Path) -> Iterator[Manifest]:
    loader = _Loader(_text(file))
    while loader.check_node():
        node = loader.get_node()
        body = None if node is None else loader.construct_document(node)
        if node is not None and body is not None:
            yield from _unpacked(Manifest(str(file), body, node))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise InvalidInput([f"{file}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise InvalidInput([f"{file}: cannot be read: it is not UTF-8 text"]) from None


def _unpacked(manifest: Manifest) -> Iterator[Manifest]:
    """Yield the object, or those in it if it is a List, as `kubectl get -o yaml` prints."""
    if not isinstance(manifest.body, dict):
        raise InvalidInput([f"{manifest.place()}: not an object; write apiVersion, kind, metadata and spec"])
    items = manifest.body.get("items")
    if not str(manifest.body.get("kind", "")).endswith("List") or not isinstance(items, list):
        yield manifest
        return
    listed = _child(manifest._node, "items", "")  # noqa: SLF001 - of its own class
    for n, item in enumerate(items):
        child = _child(listed[1], "", str(n)) if listed else None
        if child is not None:
            yield from _unpacked(Manifest(manifest.source, item, child[1]))


def _child(node: yaml.Node, name: str, number: str) -> tuple[yaml.Mark, yaml.Node] | None:
    """Return where a member's key or an item stands, and its node."""
    if number and isinstance(node, yaml.SequenceNode) and int(number) < len(node.value):
        item = node.value[int(number)]
        return item.start_mark, item
    if name and isinstance(node, yaml.MappingNode):
        return next(((key.start_mark, value) for key, value in node.value if key.value == name), None)
    return None
