from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stand import Stand


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """A cluster and whatever a test starts beside it; at the end nothing of it may have shown a secret."""
    with Stand(tmp_path) as made:
        yield made
