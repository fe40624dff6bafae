"""Writing without Wagtail's reference index and search index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

from modelsearch import signal_handlers as search
from wagtail import signal_handlers as references


@contextmanager
def unindexed() -> Iterator[None]:
    """Rows saved meanwhile are in neither index. May be entered again within itself."""
    with ExitStack() as stack:
        if not getattr(references.reference_index_auto_update_disabled, "value", False):
            stack.enter_context(references.disable_reference_index_auto_update())
            stack.enter_context(mock.patch.object(search, "insert_or_update_object_task"))
        yield
