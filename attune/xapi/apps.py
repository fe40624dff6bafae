from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class XapiConfig(AppConfig):
    name = "attune.xapi"
    label = "attune_xapi"
    verbose_name = _("Learning records")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models and checks can only be imported once the registry is filled.
        from attune.xapi import checks, doorbell  # noqa: F401, PLC0415

        doorbell.connect()
        post_migrate.connect(_sync_environment_lane, sender=self)


def _sync_environment_lane(**kwargs: object) -> None:
    from attune.xapi import lanes, models  # noqa: PLC0415

    # Migrating backwards ends here too, with the table gone.
    if models.Lane._meta.db_table in connection.introspection.table_names():
        lanes.sync_environment_lane()
