from django.urls import path

from attune.quizzes.screens import agreement, grants, marking

app_name = "attune_quizzes_admin"
urlpatterns = [
    path("marking/", marking.MarkingQueue.as_view(), name="queue"),
    path("marking/mine/", marking.MarkingQueue.as_view(shows_own=True), name="queue_mine"),
    path("marking/agreement/", agreement.Agreement.as_view(), name="agreement"),
    path("marking/<int:pk>/", marking.MarkAnswer.as_view(), name="mark"),
    path("attempts/exhausted/", grants.Exhausted.as_view(), name="exhausted"),
    path("attempts/<uuid:deed>/grant/", grants.GrantAttempt.as_view(), name="grant"),
    path("people/<int:person_id>/extra-time/", grants.ExtraTimeOf.as_view(), name="extra_time"),
]
