"""The harness's own app in the site under test: it only puts a known-bad sender in place."""

import os

from django.apps import AppConfig


class Torture(AppConfig):
    name = "tests.delivery.torture"
    label = "torture"

    def ready(self) -> None:
        from tests.delivery.torture import senders  # noqa: PLC0415  (models, once they are there)

        if name := os.environ.get("TORTURE_SENDER"):
            senders.install(name)
