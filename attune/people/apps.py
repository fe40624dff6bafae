from datetime import tzinfo
from typing import Any

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "attune.people"
    label = "attune_people"
    verbose_name = _("People")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415
        from django.db.models.signals import post_migrate  # noqa: PLC0415

        import attune.people.checks  # noqa: F401, PLC0415  (registers itself)
        from attune.jobs import hooks as jobs  # noqa: PLC0415
        from attune.jobs.kinds import registry  # noqa: PLC0415
        from attune.people.importing.jobs import KINDS  # noqa: PLC0415  (needs the apps)

        jobs.zones.append(zone_of)
        registry.add(*KINDS)

        user_logged_in.connect(accept_by_signing_in, dispatch_uid="attune_people.accept")
        user_logged_in.connect(note_where_they_work, dispatch_uid="attune_people.admin")
        post_migrate.connect(refresh_groups, dispatch_uid="attune_people.groups")


def accept_by_signing_in(*, user: Any, **kwargs: Any) -> None:
    from attune.people.services import note_sign_in  # noqa: PLC0415  (needs the apps)

    note_sign_in(user=user)


def note_where_they_work(*, request: Any, user: Any, **kwargs: Any) -> None:
    """Whether to offer the way into the admin, so that no page has to ask for permissions."""
    request.session["attune_works_in_admin"] = user.has_perm("wagtailadmin.access_admin")


def zone_of(user: Any) -> tzinfo | None:
    from attune.people.access import person_of  # noqa: PLC0415  (needs the apps)

    person = person_of(user)
    return person.zone if person is not None else None


def refresh_groups(*, app_config: AppConfig, using: str, **kwargs: Any) -> None:
    """Grant what packages registered since, once every permission of every app is there.

    Django sends ``post_migrate`` for one app after another and makes the permissions of
    each on the way; so this waits for the last.
    """
    last = [config for config in apps.get_app_configs() if config.models_module][-1]
    if app_config is not last:
        return
    from attune.people.groups import ensure_groups  # noqa: PLC0415  (needs the apps)
    from attune.people.models import Organisation  # noqa: PLC0415  (needs the apps)

    for organisation in Organisation.objects.using(using):
        ensure_groups(organisation=organisation)
