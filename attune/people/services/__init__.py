"""Every write about people that spans rows: one verb per function.

All are keyword-only and run in one transaction. ``by`` is the user who asks: the services
themselves refuse whoever does not manage the organisation, so that a screen, an import and
an API cannot forget to. ``by=None`` is the site itself (commands, SCIM, the nightly sweep).
"""

from attune.people.services.accept import accept_invitation, note_sign_in
from attune.people.services.access import sync_access, sync_groups
from attune.people.services.authority import NotAllowed
from attune.people.services.invite import InvitationKind, MailNotSent, invite
from attune.people.services.memberships import (
    add_membership,
    change_membership,
    change_roles,
    end_membership,
)
from attune.people.services.organisations import (
    establish_engagement,
    establish_organisation,
    set_own_holidays,
    set_working_hours,
)
from attune.people.services.persons import correct_invitation, create_person, update_person
from attune.people.services.teams import join_team, leave_team, move_team

__all__ = [
    "InvitationKind",
    "MailNotSent",
    "NotAllowed",
    "accept_invitation",
    "add_membership",
    "change_membership",
    "change_roles",
    "correct_invitation",
    "create_person",
    "end_membership",
    "establish_engagement",
    "establish_organisation",
    "invite",
    "join_team",
    "leave_team",
    "move_team",
    "note_sign_in",
    "set_own_holidays",
    "set_working_hours",
    "sync_access",
    "sync_groups",
    "update_person",
]
