from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CaseStudiesConfig(AppConfig):
    name = "attune.case_studies"
    label = "attune_case_studies"
    verbose_name = _("Case studies")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from attune.case_studies import exchange_hooks, iris  # noqa: F401, PLC0415  (one registers itself)
        from attune.enrolments import hooks  # noqa: PLC0415

        hooks.activity_parts["case/scenes"] = iris.scene
        hooks.activity_parts["case/questions"] = iris.reflection_question
