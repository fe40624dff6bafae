from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class QuizzesConfig(AppConfig):
    name = "attune.quizzes"
    label = "attune_quizzes"
    verbose_name = _("Quizzes")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models, checks and policies can only be imported once the registry is filled.
        from wagtail.permissions import register_permission_policy  # noqa: PLC0415

        from attune.enrolments.hooks import activity_parts  # noqa: PLC0415
        from attune.jobs.kinds import registry  # noqa: PLC0415
        from attune.notices.kinds import registry as notices  # noqa: PLC0415
        from attune.people import hooks  # noqa: PLC0415
        from attune.quizzes import checks, import_jobs, iris, personal  # noqa: F401, PLC0415
        from attune.quizzes.permissions import (  # noqa: PLC0415
            QuestionPermissionPolicy,
            granted_permissions,
        )
        from attune.quizzes.questions import Question  # noqa: PLC0415
        from attune.quizzes.services.tell_result import MARKED  # noqa: PLC0415

        activity_parts["question"] = iris.question
        registry.add(*import_jobs.KINDS)
        notices.add(MARKED)
        register_permission_policy(Question, QuestionPermissionPolicy(Question))
        from attune.quizzes.screens.grants import extra_time_link  # noqa: PLC0415

        hooks.person_links.append(extra_time_link)
        hooks.person_parts.append(personal.parts)
        hooks.person_erased.append(personal.erased)
        hooks.trainer_permissions += [
            codename
            for codename in (*granted_permissions(), "wagtail_localize.submit_translation")
            if codename not in hooks.trainer_permissions
        ]
