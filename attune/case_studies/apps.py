from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CaseStudiesConfig(AppConfig):
    name = "attune.case_studies"
    label = "attune_case_studies"
    verbose_name = _("Case studies")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from attune.case_studies import (  # noqa: PLC0415
            exchange_hooks,  # noqa: F401  (registers itself)
            iris,
            middleware,  # noqa: F401  (its check registers itself)
            personal,
        )
        from attune.enrolments.hooks import activity_parts  # noqa: PLC0415
        from attune.people import hooks  # noqa: PLC0415

        activity_parts["case/scenes"] = iris.scene
        activity_parts["case/questions"] = iris.reflection_question
        hooks.person_parts.append(personal.parts)
        hooks.person_erased.append(personal.erased)
