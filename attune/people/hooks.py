"""Where higher floors say what an organisation's groups need. Filled in their ``apps.py``."""

trainer_permissions: list[str] = ["wagtailadmin.access_admin"]
"""``app_label.codename`` of every model permission that a trainer needs."""

reader_permissions: list[str] = ["wagtailadmin.access_admin"]
"""``app_label.codename`` of every model permission that HR and managers need."""
