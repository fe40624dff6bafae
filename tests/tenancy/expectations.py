"""What is expected behind every address: what it is about, and to whom it opens.

The first rule whose pattern fits a door's name holds. A door that no rule knows fails the
test; so does a rule that no door needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.tenancy.doors import Door

AGENT = frozenset({"agent"})
TRAINER = frozenset({"trainer"})
AUTHORS = frozenset({"trainer", "administrator"})
READERS = frozenset({"vendorhr", "clienthr", "administrator"})
VENDOR_HR = frozenset({"vendorhr", "administrator"})
ADMINISTRATOR = frozenset({"administrator"})
STAFF = AUTHORS | READERS
SIGNED_IN = STAFF | AGENT
EVERYBODY = SIGNED_IN | {"anonymous"}
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """``about`` names subjects of the world (patterns); empty where the address takes none.

    ``opens_for`` are roles within the tenant whose subject it is. ``ours`` says that a wrong
    tenant is answered 404 where the right one would have been let in; elsewhere Wagtail's own
    refusal will do. ``queries`` are tried beside the plain address.
    """

    doors: str
    opens_for: frozenset[str]
    about: tuple[str, ...] = ()
    is_ours: bool = False
    queries: tuple[str, ...] = ()
    is_shared: bool = False
    is_capability: bool = False
    opens_to_strangers: bool = False
    crashes: bool = False
    all_types: bool = False
    methods: tuple[str, ...] = ("get", "post")
    arguments: tuple[tuple[str, str], ...] = ()

    def fits(self, door: Door) -> bool:
        return any(
            fnmatchcase(door.name, pattern) or fnmatchcase(door.route, pattern)
            for pattern in self.doors.split()
        )


PAGES = ("page *",)
EXPORTS = ("export=csv", "export=xlsx")
SEARCHES = ("q=Kormoran",)
# Numbers of the other tenant's things, where a filter might turn them into names.
FOREIGN_USERS = ("owner={user}", "edited_by={user}", "locked_by={user}", "user={user}")
FOREIGN_USERS += ("requested_by={user}", "last_published_by={user}")
FOREIGN_REVIEWS = ("workflow={workflow}", "task={task}")

RULES = (
    # --- our own: learners -------------------------------------------------------------------
    Rule("attune_enrolments:my_training attune_people:account", SIGNED_IN, is_ours=True),
    Rule("attune_lessons:phrases", SIGNED_IN, is_ours=True, queries=SEARCHES),
    Rule("attune_enrolments:start_unit", AGENT, ("unit *",), is_ours=True),
    Rule("attune_lessons:captions", SIGNED_IN, ("unit lesson",), is_ours=True),
    Rule("attune_lessons:*", AGENT, ("unit lesson",), is_ours=True),
    Rule("attune_quizzes:start", AGENT, ("unit quiz",), is_ours=True),
    Rule("attune_quizzes:*", AGENT, ("attempt *",), is_ours=True),
    Rule("attune_reflections:*", AGENT, ("unit read",), is_ours=True),
    Rule("attune_case_studies:start", AGENT, ("unit case",), is_ours=True),
    Rule("attune_case_studies:*", AGENT, ("case attempt *",), is_ours=True),
    Rule("attune_case_studies_admin:walk", AUTHORS, ("case scene",), is_ours=True, queries=("at=call&m-trust=9&steps=own",)),
    Rule("attune_case_studies_admin:move_scene attune_case_studies_admin:duplicate_scene", AUTHORS, ("case scene",), is_ours=True, methods=("post",)),
    Rule("attune_case_studies_admin:*", AUTHORS, ("case scene",), is_ours=True),
    # --- our own: trainers, and what HR and they may give ---------------------------------------
    Rule("attune_quizzes_admin:queue*", AUTHORS, queries=("language=en", "quiz={quiz_key}", "p=2")),
    Rule("attune_quizzes_admin:agreement", AUTHORS),
    Rule("attune_quizzes_admin:mark", AUTHORS, ("waiting answer",), is_ours=True),
    Rule("attune_quizzes_admin:exhausted", STAFF, queries=("p=2",)),
    Rule("attune_quizzes_admin:grant", STAFF, ("attempt done",), is_ours=True),
    Rule("attune_quizzes_admin:extra_time", READERS, ("person *", "invited"), is_ours=True, all_types=True),
    # A capability: the link itself is the key, and it was sent to one address.
    Rule("attune_people:join", EVERYBODY, ("invited",), is_capability=True),
    Rule("attune_design:style_guide", ADMINISTRATOR),
    Rule("attune_accounts:set_password", EVERYBODY, ("password link",), is_capability=True),
    Rule("attune_accounts:change_password", SIGNED_IN),
    Rule("attune_accounts:*", EVERYBODY),
    Rule("set_language", EVERYBODY),
    # What an IRI of our records leads to. Strangers learn the type of an activity, no more.
    Rule("attune_iris:profile*", EVERYBODY),
    Rule("attune_iris:template", EVERYBODY, arguments=(("name", "registered-programme"),)),
    Rule("attune_iris:extension", EVERYBODY, arguments=(("name", "cycle"),)),
    Rule("attune_iris:activity", EVERYBODY, ("activity *",), opens_to_strangers=True),
    Rule("attune_iris:part_of_activity", EVERYBODY, ("part *",), opens_to_strangers=True),
    # --- our own: HR ---------------------------------------------------------------------------
    Rule(
        "attune_people_admin:people attune_people_admin:people_results",
        READERS, queries=(*EXPORTS, *SEARCHES, "q=example.test", "organisation={vendor}", "team={team}", "location={vendorplace}"),
    ),
    Rule(
        "attune_people_admin:organisations* attune_people_admin:engagements*",
        READERS, queries=(*EXPORTS, *SEARCHES),
    ),
    Rule("attune_people_admin:person", READERS, ("person *", "invited"), is_ours=True, all_types=True),
    Rule(
        "attune_people_admin:describe_person attune_people_admin:correct_address "
        "attune_people_admin:invite_again attune_people_admin:add_job "
        "attune_people_admin:join_team",
        READERS, ("person *", "invited"), is_ours=True, all_types=True,
    ),
    Rule("attune_people_admin:*_job", READERS, ("job *",), is_ours=True, all_types=True),
    Rule("attune_people_admin:rename_team", VENDOR_HR, ("team",), is_ours=True),
    Rule("attune_people_admin:add_team", VENDOR_HR, ("engagement",), is_ours=True),
    Rule("attune_people_admin:*_team", VENDOR_HR, ("team row *",), is_ours=True),
    Rule("attune_people_admin:add_person", READERS),
    Rule("attune_people_admin:import_people", READERS),
    Rule("attune_people_admin:import_template", READERS, arguments=(("kind", "csv"),)),
    # A file is for one employer, and only its HR looks at it.
    Rule("attune_people_admin:import_*", VENDOR_HR, ("imported people",), is_ours=True),
    Rule("attune_people_admin:erased", READERS),
    # HR of the only vendor that somebody ever worked for, and the administrator.
    Rule("attune_people_admin:erase_person attune_people_admin:export_data", VENDOR_HR, ("person *", "invited"), is_ours=True, all_types=True),
    Rule("attune_people_admin:add_organisation attune_people_admin:add_engagement", ADMINISTRATOR),
    Rule("attune_people_admin:rename_organisation", ADMINISTRATOR, ("client", "vendor"), is_ours=True),
    Rule("attune_people_admin:change_engagement", ADMINISTRATOR, ("engagement",), is_ours=True),
    Rule("attune_people_admin:*organisation attune_people_admin:add_location", READERS, ("client", "vendor"), is_ours=True),
    Rule("attune_people_admin:change_location", READERS, ("clientplace", "vendorplace"), is_ours=True),
    Rule("attune_people_admin:*engagement", READERS, ("engagement",), is_ours=True),
    Rule("attune_reports:completion", READERS, queries=(*EXPORTS, "engagement={engagement}", "team={team}", "location={vendorplace}", "programme={programme}", "programme={programme}&export=csv")),
    Rule("attune_reports:person", READERS, ("person *", "invited"), is_ours=True, all_types=True),
    Rule("attune_reports:pause attune_reports:resume attune_reports:exempt", READERS, ("enrolment *",), is_ours=True),
    Rule("attune_reports:extend attune_reports:credit", READERS, ("enrolment *",), is_ours=True),
    Rule("attune_reports:rules", READERS, queries=("p=2",)),
    Rule("attune_reports:new_rule", READERS, queries=("engagement={engagement}",)),
    Rule("attune_reports:rule", READERS, ("rule of assignment",), is_ours=True, queries=("p=2", "export=csv")),
    Rule("attune_reports:*_rule", READERS, ("rule of assignment",), is_ours=True),
    Rule("attune_reports:take_back_in", READERS, ("rule exception",), is_ours=True),
    Rule("attune_reports:withdraw_result", READERS, ("evidence *",), is_ours=True),
    Rule("attune_reports:withdraw", READERS, ("assignment *",), is_ours=True),
    Rule("attune_reports:assigned attune_reports:assign", READERS, queries=("engagement={engagement}", "programme={programme}")),
    Rule("attune_reports:item_analysis", STAFF, queries=("engagement={engagement}", "attempts=all", "order=alpha")),
    Rule("attune_reports:quiz_items", STAFF, ("analysis quiz",), is_ours=True, queries=(*EXPORTS, "engagement={engagement}")),
    # Shows right answers, which are the client's.
    Rule("attune_reports:question_items", AUTHORS | {"clienthr"}, ("analysis question",), is_ours=True),
    Rule("attune_reports:case_paths", STAFF, queries=("engagement={engagement}",)),
    Rule("attune_reports:case_path", STAFF, ("case paths",), is_ours=True, queries=(*EXPORTS, "engagement={engagement}")),
    Rule("attune_reports:question_usage", AUTHORS, ("question *",), is_ours=True, all_types=True),
    Rule("attune_reports:shared_modules", AUTHORS),
    Rule("attune_question_exchange:tried", AUTHORS, ("imported questions",), is_ours=True),
    Rule("attune_question_exchange:template", AUTHORS, arguments=(("slug", "csv"),)),
    Rule("attune_question_exchange:*", AUTHORS, queries=("bank={client}&locale=1&format=csv", "bank={client}&locale=1&format=csv&download=1", "bank=shared&locale=1&format=csv&download=1")),
    Rule("attune_jobs:jobs", STAFF, queries=("p=2",)),
    Rule("attune_jobs:*", AUTHORS, ("background job",), is_ours=True),
    Rule("attune_variables", AUTHORS),
    Rule("attune_client_cards:index* attune_client_cards:add attune_sla_targets:index* attune_sla_targets:add", AUTHORS, queries=SEARCHES),
    Rule("attune_client_cards:*", AUTHORS, ("client card",), is_ours=True),
    Rule("attune_sla_targets:*", AUTHORS, ("sla target",), is_ours=True),
    # Only whoever uploaded a file looks at it.
    Rule("attune_case_exchange:tried", TRAINER, ("case file",), is_ours=True),
    Rule("attune_case_exchange:*", AUTHORS, ("case file",), is_ours=True, queries=("download=json", "download=twee")),
    Rule("attune_reports:regrades", AUTHORS),
    Rule("attune_reports:regrade", AUTHORS, ("question *",), is_ours=True, queries=("version=shown",)),
    Rule("attune_reports:regraded", AUTHORS, ("regrade",), is_ours=True),
    # Statements are seen by result; which stores there are, and what they say, is the operators'.
    Rule("attune_reports:person_statements", READERS, ("person *", "invited"), is_ours=True, all_types=True, queries=("order=newest", "p=2")),
    Rule("attune_reports:enrolment_statements", READERS, ("enrolment *",), is_ours=True),
    Rule("attune_reports:delivery", ADMINISTRATOR),
    Rule("attune_reports:delivery_lane", ADMINISTRATOR, ("lane switch",), methods=("post",)),
    Rule("attune_reports:quarantine", ADMINISTRATOR, queries=(*EXPORTS, "shelf=given-up")),
    Rule("attune_reports:quarantined", ADMINISTRATOR, ("refused statement",)),
    Rule("attune_reports:quarantine_deed", ADMINISTRATOR, arguments=(("deed", "give-up"),), queries=("all=1",)),
    Rule("attune_reports:replays attune_reports:new_replay", ADMINISTRATOR),
    Rule("attune_reports:replay", ADMINISTRATOR, ("replay",)),
    Rule("attune_reports:*", AUTHORS, ("page module", "page short module"), is_ours=True),
    # --- pages ------------------------------------------------------------------------------------
    Rule("wagtail_serve", SIGNED_IN, PAGES, is_ours=True, all_types=True),
    # Asks for a password and shows nothing; the gate stands behind it all the same.
    Rule("wagtailcore_authenticate_with_password", EVERYBODY, ("page home",), opens_to_strangers=True),
    Rule("wagtailcore_login", EVERYBODY),
    Rule("wagtailadmin_explore_root", AUTHORS, queries=(*SEARCHES, *FOREIGN_USERS)),
    Rule("wagtailadmin_explore*", AUTHORS, PAGES, queries=(*SEARCHES, *FOREIGN_USERS, *EXPORTS)),
    Rule("wagtailadmin_pages:search*", AUTHORS, queries=(*SEARCHES, *FOREIGN_USERS)),
    Rule("wagtailadmin_pages:type_use* wagtailadmin_pages:choose_parent", AUTHORS, PAGES, is_shared=True, queries=(*FOREIGN_USERS, *EXPORTS)),
    Rule("wagtailadmin_pages:edit wagtailadmin_pages:view_draft wagtailadmin_pages:history", AUTHORS, PAGES, all_types=True),
    Rule("wagtailadmin_pages:*", AUTHORS, (*PAGES, "cross page *")),
    Rule("wagtail_bulk_action", AUTHORS, ("bulk *",)),
    Rule("wagtailadmin_choose_page_child", AUTHORS, PAGES, queries=SEARCHES),
    Rule("wagtailadmin_choose_page_chosen_multiple", AUTHORS, ("pick page",)),
    Rule("wagtailadmin_choose_*", AUTHORS, queries=(*SEARCHES, "page_type=attune_curriculum.modulepage")),
    Rule("wagtailadmin_api:pages:detail", AUTHORS, PAGES),
    Rule("wagtailadmin_api:pages:action", AUTHORS, PAGES, arguments=(("action_name", "unpublish"),)),
    Rule("wagtailadmin_api:documents:detail", ADMINISTRATOR, ("document", "vault document")),
    Rule("wagtailadmin_api:images:detail", ADMINISTRATOR, ("image", "unused image")),
    Rule("wagtailadmin_api:pages:listing", STAFF, queries=("search=Kormoran", "for_explorer=1", "child_of={page}", "descendant_of={page}")),
    Rule("wagtailadmin_api:*:listing", ADMINISTRATOR),
    # Finds by address or id, and is given neither.
    Rule("wagtailadmin_api:*:find", NOBODY, queries=("html_path=/{path}", "id={page}")),
    # --- files -------------------------------------------------------------------------------------
    Rule("wagtaildocs_serve", SIGNED_IN, ("document", "vault document"), is_ours=True),
    Rule("wagtaildocs_authenticate_with_password", EVERYBODY, ("vault",), opens_to_strangers=True),
    Rule("wagtaildocs:*uploaded_document wagtaildocs:delete_upload_multiple", TRAINER, ("document upload",)),
    Rule("wagtaildocs_chooser:chosen_multiple", STAFF, ("pick document",), opens_to_strangers=True),
    Rule("wagtaildocs:index*", AUTHORS, queries=(*SEARCHES, "collection_id={collection}")),
    Rule("wagtaildocs_chooser:choose*", STAFF, queries=(*SEARCHES, "collection_id={collection}")),
    Rule("wagtaildocs:* wagtaildocs_chooser:*", AUTHORS, ("document", "vault document")),
    Rule("wagtailimages:*uploaded_image wagtailimages:delete_upload_multiple", TRAINER, ("image upload",)),
    Rule("wagtailimages_chooser:chosen_multiple", STAFF, ("pick image",), opens_to_strangers=True),
    Rule("wagtailimages:index*", AUTHORS, queries=(*SEARCHES, "collection_id={collection}")),
    Rule("wagtailimages_chooser:choose*", STAFF, queries=(*SEARCHES, "collection_id={collection}")),
    Rule("wagtailimages:url_generator*", NOBODY, ("image",)),
    Rule("wagtailimages:* wagtailimages_chooser:*", AUTHORS, ("image", "unused image")),
    Rule("wagtailmedia:add wagtailmedia:chooser_typed wagtailmedia:chooser_upload", AUTHORS, ("media",), is_shared=True, queries=SEARCHES),
    Rule("wagtailmedia:index wagtailmedia:chooser", AUTHORS, queries=(*SEARCHES, "collection_id={collection}")),
    Rule("wagtailmedia:*", AUTHORS, ("media",)),
    # --- snippets -----------------------------------------------------------------------------------
    Rule("wagtailsnippets:index", AUTHORS),
    Rule("attune_question_chooser:create wagtailsnippetchoosers_attune_quizzes_*:create", NOBODY),
    Rule("attune_question_chooser:chosen_multiple", STAFF, ("pick question *",), opens_to_strangers=True),
    Rule("wagtailsnippetchoosers_attune_quizzes_*:chosen_multiple", STAFF, ("pick question *",), opens_to_strangers=True),
    Rule("attune_question_chooser:choose* wagtailsnippetchoosers_attune_quizzes_*:choose*", STAFF, queries=SEARCHES),
    Rule("attune_question_chooser:chosen", AUTHORS, ("question *",)),
    Rule("wagtailsnippets_attune_quizzes_*:unlock", ADMINISTRATOR, ("question *",)),  # none is locked
    Rule("wagtailsnippets_attune_quizzes_*:list*", AUTHORS, queries=(*SEARCHES, *EXPORTS)),
    Rule("wagtailsnippets_attune_quizzes_* wagtailsnippetchoosers_attune_quizzes_*", AUTHORS, ("question *", "cross question *")),
    Rule("wagtailsnippets_attune_cultures_norm:list* wagtailsnippets_attune_cultures_norm:inspect", AUTHORS, ("norm",), is_shared=True, queries=SEARCHES),
    Rule("wagtailsnippets_attune_cultures_norm:*", ADMINISTRATOR, ("norm",), is_shared=True),
    Rule("wagtailsnippetchoosers_attune_cultures_*:create", ADMINISTRATOR),
    Rule("wagtailsnippetchoosers_attune_cultures_norm:*", STAFF, ("norm",), is_shared=True),
    Rule("wagtailsnippetchoosers_attune_cultures_*", STAFF, ("culture",), is_shared=True),
    Rule("wagtailsnippets_attune_cultures_*", ADMINISTRATOR, ("culture",), is_shared=True),
    # --- languages ----------------------------------------------------------------------------------
    Rule("wagtail_localize:javascript_catalog", STAFF),
    Rule("*localize/submit/snippet/* *:submit_snippet_translation *snippets_api_detail *localize/api/snippets/*/<str:pk>/", AUTHORS, ("question *",)),
    Rule("*snippets_api_listing *localize/api/snippets/*", STAFF, ("question *",), is_shared=True, queries=("search=Kormoran",)),
    Rule("*localize/submit/page/* wagtail_localize:convert_to_alias", AUTHORS, PAGES),
    Rule("*localize/reports/*", STAFF, queries=EXPORTS),
    # Pages and questions have one way to be previewed, which has no name.
    Rule("*/preview/<str:mode>/", NOBODY, ("translation *",)),
    # Answer to scripts only.
    Rule("*:edit_string_translation */strings/*/edit/", AUTHORS, ("translation *", "cross translation *"), methods=("get", "put", "delete")),
    Rule("*:edit_override */overrides/*/edit/", NOBODY, ("translation *", "cross translation *"), methods=("get", "put", "delete")),
    # No machine translator is installed; a translation that is stopped leads home.
    Rule("*:machine_translate */machine_translate/ *:stop_translation */disable/", NOBODY, ("translation *",)),
    # Uploading nothing is a fault of the package's own.
    Rule("*:upload_pofile */pofile/upload/", NOBODY, ("translation *",), crashes=True),
    Rule("wagtail_localize:* admin/localize/*", AUTHORS, ("translation *", "cross translation *")),
    # --- the administrator's --------------------------------------------------------------------------
    Rule("wagtailadmin_collections:*", ADMINISTRATOR, ("collection", "vault")),
    Rule("wagtailadmin_workflows:*task*", ADMINISTRATOR, ("task",)),
    Rule("wagtailadmin_workflows:*", ADMINISTRATOR, ("workflow",)),
    Rule("wagtailusers_users:*", ADMINISTRATOR, ("user *",)),
    Rule("wagtailusers_groups:*", ADMINISTRATOR, ("group",)),
    Rule("wagtailsites:*", ADMINISTRATOR, ("site",), is_shared=True),
    # Of an import that has not begun.
    Rule("wagtailredirects:process_import", NOBODY, crashes=True),
    Rule("wagtailredirects:*", ADMINISTRATOR, ("redirect",)),
    Rule("attune_xapi_lane:*", ADMINISTRATOR, ("lane",)),
    Rule("attune_notices_destination:*", ADMINISTRATOR, ("recipient",)),
    Rule("attune_notices_rule:add attune_notices_rule:delete", NOBODY, ("limit",), is_shared=True),
    Rule("attune_notices_rule:*", ADMINISTRATOR, ("limit",), is_shared=True),
    Rule("attune_notices:messages*", ADMINISTRATOR, queries=(*EXPORTS, "state=sent", "address=zq")),
    Rule("attune_notices:try_out", ADMINISTRATOR, ("recipient",), methods=("post",)),
    Rule("attune_notices:*", ADMINISTRATOR, ("message",), is_ours=True),
    # Says of parts whether they are there, to whoever asks; in tests no sweep runs, and asking
    # would have the site tell somebody. Without the token of the settings there are no metrics.
    Rule("attune_watch:healthz", NOBODY, methods=("put",)),
    Rule("attune_watch:metrics", NOBODY),
    Rule("wagtaillocales:*", ADMINISTRATOR, ("locale",), is_shared=True),
    Rule("wagtailsettings:*", NOBODY, ("setting",), is_shared=True),
    Rule("wagtailforms:index*", AUTHORS, queries=FOREIGN_USERS),
    Rule("wagtailforms:*", NOBODY, ("page lesson",)),  # no page of ours is a form
    # --- Wagtail's own furniture ----------------------------------------------------------------------
    Rule("wagtailadmin_reports:page_types_usage*", ADMINISTRATOR, queries=EXPORTS),
    Rule("wagtailadmin_reports:site_history*", STAFF, queries=(*EXPORTS, *FOREIGN_USERS)),
    Rule("wagtailadmin_reports:*", AUTHORS, queries=(*EXPORTS, *FOREIGN_USERS, *FOREIGN_REVIEWS)),
    # Takes back one's own session of that number, and says that it did whatever the number.
    Rule("wagtailadmin_editing_sessions:release", STAFF, ("session *",), opens_to_strangers=True),
    Rule("wagtailadmin_editing_sessions:*", AUTHORS, ("session *",)),
    Rule("wagtailadmin_tag_*", STAFF, ("tagmodel",), is_shared=True, queries=("term=kormoran",)),
    Rule("wagtailembeds:*", STAFF),
    # Switched off in favour of our own.
    Rule("wagtailadmin_password_reset*", NOBODY, ("password link",)),
    Rule("wagtailadmin_login", EVERYBODY - STAFF),
    Rule("wagtailadmin_logout", NOBODY),  # leads to the sign-in page
    Rule("wagtailadmin_javascript_catalog wagtailadmin_sprite", EVERYBODY),
    Rule("wagtailadmin_error_test", NOBODY, crashes=True),
    Rule("wagtailadmin_block_preview", NOBODY),  # is given no block
    Rule("wagtailadmin_* admin/test404/", STAFF),
    Rule("admin/.*/ admin/^.*/", NOBODY),
)  # fmt: skip


def rule_for(door: Door) -> Rule | None:
    return next((rule for rule in RULES if rule.fits(door)), None)


# --- Who may know what within a tenant --------------------------------------------------------

WHO_KNOWS = (
    ("agent trainer vendorhr clienthr", "client vendor"),
    ("trainer", "*draft draft draftbody"),
    # Not even HR: what is not shared is the writer's own, and what is, is for team and trainers.
    ("agent", "reflectionprivate"),
    ("agent trainer", "reflectionshared"),
    ("", "lane storewords"),
    ("agent trainer vendorhr clienthr", "*"),
)


def may_know(role: str, kind: str) -> bool:
    """Whether a role may see, in its own tenant, the canaries of a kind."""
    if role == "administrator":
        return True
    for roles, kinds in WHO_KNOWS:
        if any(fnmatchcase(kind, pattern) for pattern in kinds.split()):
            return role in roles.split()
    return False
