"""``ATTUNE_WRITE_GOLDENS=1 pytest tests/xapi`` writes goldens that are missing or changed.

Read the difference before you commit it: ids and bytes that change are sent as new
statements to stores that hold the old ones.
"""

from __future__ import annotations

import os

import pytest

from tests.delivery.conftest import mark_committed


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_committed(items)


@pytest.fixture
def write_goldens() -> bool:
    return os.environ.get("ATTUNE_WRITE_GOLDENS") == "1"
