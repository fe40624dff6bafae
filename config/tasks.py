"""One task of our own: the worker's sign of life. All other work belongs to a package."""

from pathlib import Path

from celery import shared_task
from django.conf import settings

HEARTBEAT_FILE = "worker-heartbeat"


@shared_task
def heartbeat(token: str) -> None:
    """Write ``token`` where whoever sent it looks: broker and worker both work."""
    path = Path(settings.DATA_DIR, HEARTBEAT_FILE)
    fresh = path.with_suffix(".new")
    fresh.write_text(token)
    fresh.replace(path)
