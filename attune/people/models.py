"""Who there is: persons, organisations, places of work, engagements, teams, dated memberships.

Rows only. Who may see whom is decided in ``access.py``; every write that spans rows is a
service in ``services.py``. A ``Person`` stands beside the site's user model and never
replaces it: a host keeps its own.
"""

import uuid
import zoneinfo
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from attune.people.querysets import (
    EngagementQuerySet,
    LocationQuerySet,
    MembershipQuerySet,
    OrganisationQuerySet,
    PersonQuerySet,
    TeamMembershipQuerySet,
    TeamQuerySet,
)

code_validator = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$",
    _("Use small letters, digits and single hyphens, for example “nordlicht”."),
)


def validate_time_zone(name: str) -> None:
    """Accept an IANA zone name such as ``Asia/Manila``; refuse all else."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Use a name such as “Asia/Manila”."),
            params={"name": name},
        )


class Person(models.Model):
    """One human being, whatever they are called and whomever they work for.

    ``pseudonym`` is the only name that leaves the house (xAPI actor). The map from it to
    the person exists here and nowhere else.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="attune_person",
    )
    pseudonym = models.UUIDField(_("pseudonym"), default=uuid.uuid4, unique=True, editable=False)
    full_name = models.CharField(_("full name"), max_length=200)
    # The address that an invitation went to, until it is accepted. As long as it stands the
    # account has no history, and HR may still correct the address (services/invite.py).
    invited_email = models.EmailField(_("invited at"), blank=True, editable=False)
    invited_at = models.DateTimeField(_("invited on"), null=True, blank=True, editable=False)
    # Set when the account was closed because no job remained (services/access.py). Only what
    # was closed so is opened again by a new job: an account that the administrator has
    # switched off stays off.
    access_ended_at = models.DateTimeField(
        _("access ended at"), null=True, blank=True, editable=False
    )
    # When everything known of the person was last handed out: no erasure without it.
    data_exported_at = models.DateTimeField(
        _("data exported at"), null=True, blank=True, editable=False
    )
    # A row that took the place of somebody who was erased. It is nobody.
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=12, default="en")
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["full_name", "pk"]

    def __str__(self) -> str:
        return self.full_name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def email(self) -> str:
        """The address that the person signs in with or was invited at, or an empty string."""
        if self.user is None:
            return self.invited_email
        return str(getattr(self.user, self.user.get_email_field_name(), ""))

    @property
    def has_accepted(self) -> bool:
        """Whether the person has an account and has answered the invitation to it."""
        return self.user_id is not None and not self.invited_email


class Organisation(models.Model):
    """A client, who outsources its help desk, or a vendor, who staffs it."""

    class Kind(models.TextChoices):
        CLIENT = "client", _("Client")
        VENDOR = "vendor", _("Vendor")

    name = models.CharField(_("name"), max_length=200)
    code = models.CharField(
        _("short code"),
        max_length=40,
        unique=True,
        validators=[code_validator],
        help_text=_("Goes into learning records instead of the name. Never changes."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    # Wagtail's own permissions are granted to groups. One pair per organisation, so that
    # a grant made for one client can never reach another's trainers.
    trainers = models.OneToOneField(
        Group,
        verbose_name=_("trainers’ group"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="attune_trains_for",
    )
    readers = models.OneToOneField(
        Group,
        verbose_name=_("readers’ group"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="attune_reads_for",
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """A place of work, with its zone and its hours. (``Site`` is Wagtail's word.)"""

    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        on_delete=models.CASCADE,
        related_name="locations",
    )
    name = models.CharField(_("name"), max_length=200)
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, for example “PH”."))],
        help_text=_("ISO 3166 code of two letters."),
    )
    subdivision = models.CharField(
        _("part of the country"),
        max_length=10,
        blank=True,
        help_text=_("ISO 3166-2 without the country, for example “BY” for Bavaria."),
    )
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])

    objects = LocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="location_name_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class LocationHoliday(models.Model):
    """A day on which nobody works at a location, beside its country's public holidays."""

    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        on_delete=models.CASCADE,
        related_name="own_holidays",
    )
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("holiday of a location")
        verbose_name_plural = _("holidays of locations")
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["location", "day"], name="location_holiday_once")
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}".strip()


class WorkingHours(models.Model):
    """When people at a location work on one weekday, in the location's own time.

    A shift that ends after midnight has ``closes`` before ``opens``.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        on_delete=models.CASCADE,
        related_name="working_hours",
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.UniqueConstraint(
                fields=["location", "weekday", "opens"], name="working_hours_once"
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="working_hours_weekday"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Engagement(models.Model):
    """A vendor working for a client: the frame in which learning is owed and counted."""

    class Distance(models.TextChoices):
        OFFSHORE = "offshore", _("Offshore")
        NEARSHORE = "nearshore", _("Nearshore")
        ONSHORE = "onshore", _("Onshore")

    name = models.CharField(_("name"), max_length=200)
    code = models.CharField(
        _("short code"), max_length=40, unique=True, validators=[code_validator]
    )
    client = models.ForeignKey(
        Organisation,
        verbose_name=_("client"),
        on_delete=models.PROTECT,
        related_name="engagements_as_client",
        limit_choices_to={"kind": Organisation.Kind.CLIENT},
    )
    vendor = models.ForeignKey(
        Organisation,
        verbose_name=_("vendor"),
        on_delete=models.PROTECT,
        related_name="engagements_as_vendor",
        limit_choices_to={"kind": Organisation.Kind.VENDOR},
    )
    distance = models.CharField(
        _("distance"), max_length=10, choices=Distance, default=Distance.OFFSHORE
    )
    client_time_zone = models.CharField(
        _("client’s time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("Due times are shown in this zone beside the reader’s own."),
    )
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    is_simulated = models.BooleanField(
        _("simulated"),
        default=False,
        help_text=_("People and figures are made up. Every report says so."),
    )

    objects = EngagementQuerySet.as_manager()

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="engagement_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        errors: dict[str, Any] = {}
        if self.client_id and self.client.kind != Organisation.Kind.CLIENT:
            errors["client"] = _("This organisation is not a client.")
        if self.vendor_id and self.vendor.kind != Organisation.Kind.VENDOR:
            errors["vendor"] = _("This organisation is not a vendor.")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            errors["ends_on"] = _("The engagement cannot end before it starts.")
        if errors:
            raise ValidationError(errors)

    @property
    def client_zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.client_time_zone)


class Membership(models.Model):
    """A person's job at an organisation. Several may hold at once, or follow each other."""

    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.CASCADE, related_name="memberships"
    )
    organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("organisation"),
        on_delete=models.PROTECT,
        related_name="memberships",
    )
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="memberships",
    )
    hired_on = models.DateField(_("hired on"))
    left_on = models.DateField(
        _("left on"), null=True, blank=True, help_text=_("The last day at work.")
    )
    external_id = models.CharField(_("external id"), max_length=100, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-hired_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("hired_on")),
                name="membership_left_after_hired",
            ),
            models.UniqueConstraint(
                fields=["person", "organisation", "hired_on"], name="membership_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["person", "organisation"],
                condition=Q(left_on__isnull=True),
                name="membership_one_open",
            ),
            # Among running jobs only: who comes back gets the old number again.
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                condition=~Q(external_id="") & Q(left_on__isnull=True),
                name="membership_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.organisation}"

    def clean(self) -> None:
        if self.hired_on and self.left_on and self.left_on < self.hired_on:
            raise ValidationError({"left_on": _("The last day cannot be before the first.")})
        if self.location is not None and self.location.organisation_id != self.organisation_id:
            raise ValidationError({"location": _("This location is another organisation’s.")})


class MembershipRole(models.Model):
    """What a person does in an organisation; one row per role."""

    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        IN_HOUSE = "in_house", _("In-house employee")
        TRAINER = "trainer", _("Trainer")
        HR = "hr", _("HR")
        MANAGER = "manager", _("Manager")

    membership = models.ForeignKey(
        Membership,
        verbose_name=_("membership"),
        on_delete=models.CASCADE,
        related_name="roles",
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["membership", "role"], name="membership_role_once")
        ]

    def __str__(self) -> str:
        return str(self.get_role_display())


class Team(models.Model):
    """People who work together for one engagement."""

    engagement = models.ForeignKey(
        Engagement,
        verbose_name=_("engagement"),
        on_delete=models.PROTECT,
        related_name="teams",
    )
    name = models.CharField(_("name"), max_length=200)

    objects = TeamQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["engagement", "name"], name="team_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class TeamMembership(models.Model):
    """A person in a team from one day until another, both included.

    Attribution asks who was where on that day, so a move ends one row and opens another;
    rows are never rewritten to a new team.
    """

    team = models.ForeignKey(
        Team, verbose_name=_("team"), on_delete=models.PROTECT, related_name="memberships"
    )
    person = models.ForeignKey(
        Person,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="team_memberships",
    )
    from_date = models.DateField(_("from"))
    until_date = models.DateField(_("until"), null=True, blank=True)

    objects = TeamMembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("team membership")
        verbose_name_plural = _("team memberships")
        ordering = ["-from_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_date__isnull=True) | Q(until_date__gte=F("from_date")),
                name="team_membership_until_after_from",
            ),
            models.UniqueConstraint(
                fields=["team", "person", "from_date"], name="team_membership_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["team", "person"],
                condition=Q(until_date__isnull=True),
                name="team_membership_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.team}"


# Rows of this package that have modules of their own; Django finds models through this one.
from attune.people.erasing.models import Erasure  # noqa: E402
from attune.people.importing.models import (  # noqa: E402
    ImportInvitation,
    ImportMapping,
    PeopleImport,
)

__all__ = [
    "Engagement",
    "Erasure",
    "ImportInvitation",
    "ImportMapping",
    "Location",
    "Membership",
    "MembershipRole",
    "Organisation",
    "PeopleImport",
    "Person",
    "Team",
    "TeamMembership",
    "WorkingHours",
    "code_validator",
    "validate_time_zone",
]
