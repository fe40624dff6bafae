"""Run inside the host site, by its own Python: ``walk.py ANSWER``.

Migrates, checks, and lets a learner read a lesson to its end. What the database then
holds goes to ANSWER as JSON, for the test that started it. Written as a host's developer
would write it: with the host's own user model, through the services.
"""

import json
import sys
from datetime import date
from pathlib import Path

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from home.models import HomePage  # noqa: E402

from attune.curriculum.models import (  # noqa: E402
    ModuleLibraryPage,
    ModulePage,
    ProgrammeModule,
    ProgrammePage,
)
from attune.curriculum.services import establish_client_home  # noqa: E402
from attune.enrolments.models import UnitProgress  # noqa: E402
from attune.enrolments.services import assign  # noqa: E402
from attune.lessons.models import LessonPage  # noqa: E402
from attune.people.models import (  # noqa: E402
    Engagement,
    Membership,
    MembershipRole,
    Organisation,
    Person,
    Team,
    TeamMembership,
)
from attune.xapi.models import StatementRecord  # noqa: E402

SINCE = date(2024, 1, 8)

call_command("makemigrations", "members", verbosity=0)
call_command("migrate", verbosity=0)
call_command("check", fail_level="WARNING")
# Nothing of ours needs a migration that only the host's settings bring to light.
call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)

# --- People: the host's member is a person of ours -----------------------------------------
member = get_user_model().objects.create_user(username="maria", password="not used", badge="B-17")
person = Person.objects.create(user=member, full_name="Maria Santos", time_zone="Asia/Manila")
client = Organisation.objects.create(name="Nordlicht", code="nordlicht", kind="client")
vendor = Organisation.objects.create(name="Habagat", code="habagat", kind="vendor")
engagement = Engagement.objects.create(
    name="Help desk", code="help-desk", client=client, vendor=vendor, starts_on=SINCE
)
job = Membership.objects.create(person=person, organisation=vendor, hired_on=SINCE)
MembershipRole.objects.create(membership=job, role=MembershipRole.Role.AGENT)
team = Team.objects.create(engagement=engagement, name="First line")
TeamMembership.objects.create(person=person, team=team, from_date=SINCE)

# --- Pages, under the host's own home page ----------------------------------------------------
home = establish_client_home(organisation=client, parent=HomePage.objects.get(), title="Nordlicht")
library = ModuleLibraryPage.objects.child_of(home).get()
module = library.add_child(instance=ModulePage(title="Etiquette", locale=library.locale))
lesson = LessonPage(title="Names and greetings", locale=module.locale)
lesson.body = lesson.body.stream_block.to_python(
    [{"type": "rich_text", "value": "<p>Say Guten Morgen.</p>"}]
)
module.add_child(instance=lesson)
programme = ProgrammePage(title="German colleagues", locale=home.locale)
programme.programme_modules = [ProgrammeModule(module=module, sort_order=0)]
home.add_child(instance=programme)

# --- The learner's way -----------------------------------------------------------------------
assign(person=person, programme=programme, engagement=engagement, now=timezone.now())
browser = Client()
stranger = browser.get(lesson.url)
browser.force_login(member)
training = browser.get(reverse("attune_enrolments:my_training"))
reading = browser.get(lesson.url)
confirmed = browser.post(reverse("attune_lessons:confirm", args=[lesson.pk]), {"done": "1"})
after = browser.get(confirmed.headers.get("Location", lesson.url))

Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "user_model": f"{member._meta.label}",
            "statuses": [
                response.status_code for response in (stranger, training, reading, confirmed, after)
            ],
            "lesson_on_page": "Say Guten Morgen." in reading.content.decode(),
            "states": list(UnitProgress.objects.values_list("person__full_name", "state")),
            "verbs": [
                json.loads(body)["verb"]["id"].rsplit("/", 1)[-1]
                for body in StatementRecord.objects.order_by("pk").values_list("body", flat=True)
            ],
        }
    )
)
