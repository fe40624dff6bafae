"""The demo engagement: fictitious people, real content, simulated progress.

``load`` makes what is missing and leaves alone what is there. ``PEOPLE`` is the table that
``make demo`` prints. Nothing here is imported by Attune itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation

from config.demo.cards import load_cards
from config.demo.content import front_page, load_programme, shared_library, system_author
from config.demo.people import PEOPLE, load_people
from config.demo.progress import load_progress
from config.demo.reading import read_programmes
from config.demo.translations import check_translations, load_translations

__all__ = ["PEOPLE", "NotForTheOpenNetwork", "load", "require_development"]

ALLOWED = ("config.settings.development", "config.settings.test")


class NotForTheOpenNetwork(Exception):
    """The settings are not those of development: everybody knows the demo's password."""


def require_development() -> None:
    """:raises NotForTheOpenNetwork: these settings may serve an open network."""
    if not settings.DEBUG and settings.SETTINGS_MODULE not in ALLOWED:
        raise NotForTheOpenNetwork(
            "The demo has a password that everybody knows. It loads with DEBUG or"
            f" {ALLOWED[0]} only, not with {settings.SETTINGS_MODULE}."
        )


def load(now: datetime, report: Callable[[str], None]) -> None:
    """Bring the demo engagement into the database. A second time adds only what is missing.

    Everything is read and checked first, then written in one transaction. ``report`` is
    given a line for each step.

    :raises NotForTheOpenNetwork: outside of development.
    :raises ContentError: the content has faults; each is named with file, table and field.
    """
    require_development()
    with translation.override("en"), _quiet("wagtail", "django_tasks"):
        programmes = read_programmes()
        check_translations(programmes)
        with transaction.atomic():
            load_people(now=now, report=report)
            author = system_author()
            front = front_page(author)
            shared_library(front, author)
            for programme in programmes:
                load_programme(programme, front=front, author=author, report=report)
                load_translations(programme, front=front, author=author, report=report)
            load_cards(report=report)
            load_progress(now=now, report=report)


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """A line for each of a thousand steps would hide the lines that are meant to be read."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
