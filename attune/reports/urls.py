"""Screens of HR and trainers in Wagtail's admin, registered there by ``wagtail_hooks``."""

from django.urls import path

from attune.reports import (
    assigning_views,
    case_paths_views,
    delivery_deeds,
    delivery_quarantine_views,
    delivery_trail_views,
    delivery_views,
    item_views,
    matrix_views,
    module_views,
    record_exception_views,
    record_views,
    regrade_views,
    regraded_views,
    replay_views,
    rule_edit_views,
    rule_switch_views,
    rule_views,
    usage_views,
    withdrawing_views,
)

app_name = "attune_reports"
urlpatterns = [
    path("completion/", matrix_views.CompletionMatrixView.as_view(), name="completion"),
    path("learners/<int:person_id>/", record_views.LearnerRecordView.as_view(), name="person"),
    path("enrolments/<int:enrolment_id>/pause/", record_views.PauseView.as_view(), name="pause"),
    path("enrolments/<int:enrolment_id>/resume/", record_views.ResumeView.as_view(), name="resume"),
    path("enrolments/<int:enrolment_id>/exempt/", record_views.ExemptView.as_view(), name="exempt"),
    path(
        "assignments/<int:assignment_id>/withdraw/",
        record_exception_views.WithdrawView.as_view(),
        name="withdraw",
    ),
    path(
        "results/<int:evidence_id>/withdraw/",
        withdrawing_views.WithdrawResultView.as_view(),
        name="withdraw_result",
    ),
    path("assign/", assigning_views.AssignView.as_view(), name="assign"),
    path("assign/done/", assigning_views.AssignedView.as_view(), name="assigned"),
    path("rules/", rule_views.RulesView.as_view(), name="rules"),
    path("rules/new/", rule_edit_views.NewRuleView.as_view(), name="new_rule"),
    path("rules/<int:rule_id>/", rule_views.RuleView.as_view(), name="rule"),
    path(
        "rules/<int:rule_id>/change/",
        rule_edit_views.ChangeRuleView.as_view(),
        name="change_rule",
    ),
    path(
        "rules/<int:rule_id>/off/",
        rule_switch_views.SwitchOffView.as_view(),
        name="switch_off_rule",
    ),
    path(
        "rules/<int:rule_id>/on/", rule_switch_views.SwitchOnView.as_view(), name="switch_on_rule"
    ),
    path(
        "rules/exceptions/<int:exception_id>/",
        rule_switch_views.TakeBackInView.as_view(),
        name="take_back_in",
    ),
    path(
        "enrolments/<int:enrolment_id>/extend/",
        record_exception_views.ExtendView.as_view(),
        name="extend",
    ),
    path(
        "enrolments/<int:enrolment_id>/credit/",
        record_exception_views.CreditView.as_view(),
        name="credit",
    ),
    path("items/", item_views.ItemAnalysisView.as_view(), name="item_analysis"),
    path("items/<uuid:quiz_key>/", item_views.QuizItemsView.as_view(), name="quiz_items"),
    path(
        "items/<uuid:quiz_key>/<uuid:question_key>/",
        item_views.QuestionItemsView.as_view(),
        name="question_items",
    ),
    path("paths/", case_paths_views.CasesView.as_view(), name="case_paths"),
    path("paths/<uuid:case_key>/", case_paths_views.CasePathView.as_view(), name="case_path"),
    path("questions/<int:pk>/", usage_views.QuestionUsageView.as_view(), name="question_usage"),
    path("modules/shared/", module_views.SharedModulesView.as_view(), name="shared_modules"),
    path("modules/<int:page_id>/copy/", module_views.CopyModuleView.as_view(), name="copy_module"),
    path("modules/<int:page_id>/again/", module_views.AskAgainView.as_view(), name="ask_again"),
    path("regrade/", regrade_views.RegradesView.as_view(), name="regrades"),
    path("regrade/<int:question_id>/", regrade_views.RegradeView.as_view(), name="regrade"),
    path("regrade/done/<uuid:deed>/", regraded_views.RegradedView.as_view(), name="regraded"),
    path("records/", delivery_views.DeliveryView.as_view(), name="delivery"),
    path(
        "records/lanes/<int:lane_id>/<slug:deed>/",
        delivery_views.LaneDeedView.as_view(),
        name="delivery_lane",
    ),
    path(
        "records/quarantine/",
        delivery_quarantine_views.QuarantineView.as_view(),
        name="quarantine",
    ),
    path(
        "records/quarantine/<int:delivery_id>/",
        delivery_quarantine_views.QuarantinedView.as_view(),
        name="quarantined",
    ),
    path(
        "records/quarantine/<slug:deed>/",
        delivery_deeds.QuarantineDeedView.as_view(),
        name="quarantine_deed",
    ),
    path(
        "learners/<int:person_id>/statements/",
        delivery_trail_views.StatementsView.as_view(),
        name="person_statements",
    ),
    path(
        "enrolments/<int:enrolment_id>/statements/",
        delivery_trail_views.EnrolmentStatementsView.as_view(),
        name="enrolment_statements",
    ),
    path("replays/", replay_views.ReplaysView.as_view(), name="replays"),
    path("replays/new/", replay_views.NewReplayView.as_view(), name="new_replay"),
    path("replays/<int:pk>/", replay_views.ReplayView.as_view(), name="replay"),
]
