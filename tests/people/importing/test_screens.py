"""The screens of an import, as HR clicks through them."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from attune.jobs import runner
from attune.people.importing.columns import COLUMNS, propose
from attune.people.importing.models import ImportInvitation, ImportMapping, PeopleImport
from attune.people.models import Person
from attune.tabular.reading import csv_rows, xlsx_rows
from tests import factories
from tests.conftest import Pair
from tests.people.importing.support import csv_of

pytestmark = pytest.mark.django_db
LENI = "H-1;Leni Cruz;leni@habagat.test;agent;Agent;Manila;01.03.2026;;Nordlicht first line"
FAULTY = "H-2;Omar Diaz;omar@;;;;01.03.2026;;"


def upload(client: Client, body: bytes, vendor: Any, **more: str) -> PeopleImport:
    response = client.post(
        reverse("attune_people_admin:import_people"),
        {
            "organisation": vendor.pk,
            "file": SimpleUploadedFile("people.csv", body),
            "applies_on": "2026-03-02",
            **more,
        },
    )
    assert response.status_code == 302, response.content.decode()
    return PeopleImport.objects.latest("pk")


def confirm(client: Client, kept: PeopleImport, **changes: str) -> Any:
    data = {f"column_{place}": name for place, name in enumerate(kept.columns)}
    address = reverse("attune_people_admin:import_columns", args=[kept.deed])
    return client.post(address, {**data, "date_order": "dmy", **changes})


def report_of(kept: PeopleImport) -> str:
    return reverse("attune_people_admin:import_report", args=[kept.deed])


@pytest.fixture
def at_desk(client: Client, hana: Person) -> Client:
    return factories.as_user(client, hana)


def test_from_a_file_to_invited_people(at_desk: Client, nordlicht_habagat: Pair) -> None:
    kept = upload(at_desk, csv_of(LENI), nordlicht_habagat.vendor, invites="on")
    page = at_desk.get(reverse("attune_people_admin:import_columns", args=[kept.deed]))
    assert "UTF-8, parted by semicolon" in page.content.decode()
    assert "“01.03.2026” is 1 March 2026" in page.content.decode()
    assert confirm(at_desk, kept).status_code == 302
    assert "Leni Cruz" in at_desk.get(report_of(kept)).content.decode()
    assert not Person.objects.filter(full_name="Leni Cruz").exists()
    at_desk.post(report_of(kept), {"do": "apply"})
    assert "waits for a worker" in at_desk.get(report_of(kept)).content.decode()
    runner.run_due()
    assert Person.objects.filter(full_name="Leni Cruz").exists()
    assert [each.to for each in mail.outbox] == [["leni@habagat.test"]]
    assert ImportInvitation.objects.get().state == "sent"
    done = at_desk.get(report_of(kept)).content.decode()
    assert "Imported on" in done
    # Twice is once: neither the file nor the mail.
    at_desk.post(report_of(kept), {"do": "apply"})
    at_desk.post(report_of(kept), {"do": "invite"})
    runner.run_due()
    assert len(mail.outbox) == 1


def test_faulty_lines_are_downloaded_and_mended(at_desk: Client, nordlicht_habagat: Pair) -> None:
    formula = "=1+1;Eve Go;eve@;;;;01.03.2026;;"
    kept = upload(at_desk, csv_of(LENI, FAULTY, formula), nordlicht_habagat.vendor)
    confirm(at_desk, kept)
    page = at_desk.get(report_of(kept)).content.decode()
    assert "This is not an e-mail address." in page
    response = at_desk.get(reverse("attune_people_admin:import_errors", args=[kept.deed]))
    text = response.getvalue().decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][:4] == [
        "3",
        "E-mail address: This is not an e-mail address.",
        "H-2",
        "Omar Diaz",
    ]
    assert rows[2][2] == "'=1+1"  # text in a spreadsheet, and read back as it was
    mended = text.replace("omar@", "omar@habagat.test").replace("eve@", "eve@habagat.test")
    again = upload(at_desk, mended.encode(), nordlicht_habagat.vendor)
    confirm(at_desk, again)
    at_desk.post(report_of(again), {"do": "apply"})
    runner.run_due()
    assert Person.objects.get(full_name="Eve Go").memberships.get().external_id == "=1+1"
    assert Person.objects.filter(full_name="Omar Diaz").exists()


def test_columns_are_remembered_for_the_employer(
    at_desk: Client, nordlicht_habagat: Pair, outsider_hr: Person, cedar_deccan: Pair
) -> None:
    headings = "Wer;Elektropost;Seit"
    body = csv_of("Leni Cruz;leni@habagat.test;01.03.2026", headings=headings)
    kept = upload(at_desk, body, nordlicht_habagat.vendor)
    assert kept.columns == ["", "", ""]
    refused = confirm(at_desk, kept)
    assert refused.status_code == 422
    assert "Choose the column of the e-mail address" in refused.content.decode()
    confirm(at_desk, kept, column_0="full_name", column_1="email", column_2="hired_on")
    again = upload(at_desk, body, nordlicht_habagat.vendor)
    assert again.columns == ["full_name", "email", "hired_on"]
    other = factories.as_user(Client(), outsider_hr)
    assert upload(other, body, cedar_deccan.vendor).columns == ["", "", ""]
    assert ImportMapping.objects.count() == 1


def test_what_cannot_be_read_is_said_at_the_field(at_desk: Client, nordlicht_habagat: Pair) -> None:
    for body in (b"", b"\x00\x01\x02", b"PK\x03\x04nonsense", b"just;headings"):
        response = at_desk.post(
            reverse("attune_people_admin:import_people"),
            {
                "organisation": nordlicht_habagat.vendor.pk,
                "file": SimpleUploadedFile("people.csv", body or b" "),
                "applies_on": "2026-03-02",
            },
        )
        assert response.status_code == 200
        assert response.context["form"].errors["file"], body
    assert not PeopleImport.objects.exists()


def test_the_missing_are_named_and_confirmed(at_desk: Client, nordlicht_habagat: Pair) -> None:
    maria = nordlicht_habagat.agent
    kept = upload(at_desk, csv_of(LENI), nordlicht_habagat.vendor, is_complete="on")
    confirm(at_desk, kept)
    page = at_desk.get(report_of(kept)).content.decode()
    assert "1 person works here and is not in the file" in page
    assert "Maria Santos" in page
    job = str(maria.memberships.get().pk)
    without = {"do": "apply", "leaver": job, "leavers": "confirmed", "left_on": "never"}
    at_desk.post(report_of(kept), without)
    runner.run_due()
    assert not Person.objects.filter(full_name="Leni Cruz").exists()
    at_desk.post(report_of(kept), {**without, "left_on": "2026-03-01"})
    runner.run_due()
    assert maria.memberships.get().left_on is not None


def test_a_large_file_is_tried_by_a_job(
    at_desk: Client, nordlicht_habagat: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attune.people.importing.jobs.IN_THE_REQUEST", 1)
    kept = upload(at_desk, csv_of(LENI, FAULTY), nordlicht_habagat.vendor)
    confirm(at_desk, kept)
    assert "nothing is written yet" in at_desk.get(report_of(kept)).content.decode()
    runner.run_due()
    page = at_desk.get(report_of(kept)).content.decode()
    assert "Leni Cruz" in page
    assert "This is not an e-mail address." in page


def test_templates_are_read_by_the_import_itself(at_desk: Client) -> None:
    for kind in ("csv", "xlsx"):
        body = at_desk.get(reverse("attune_people_admin:import_template", args=[kind])).content
        rows = list(xlsx_rows(body) if kind == "xlsx" else csv_rows(body)[0])
        headings = [cell for cell in rows[0].cells if cell]  # a sheet is read in its full width
        assert propose(headings, {}) == [column.name for column in COLUMNS]
        assert all(row.cells[0].startswith("# ") for row in rows[1:])


def test_agents_managers_and_others_have_no_business_here(
    client: Client, maria: Person, klaus: Person, outsider_hr: Person, at_desk: Client,
    nordlicht_habagat: Pair,
) -> None:  # fmt: skip
    kept = upload(at_desk, csv_of(LENI), nordlicht_habagat.vendor)
    other = factories.as_user(Client(), outsider_hr)
    for name in ("import_report", "import_columns", "import_errors"):
        address = reverse(f"attune_people_admin:{name}", args=[kept.deed])
        assert other.get(address).status_code == 404
        for deed in ("apply", "", "anything"):
            assert other.post(address, {"do": deed}).status_code in (404, 405)
    foreign = other.post(
        reverse("attune_people_admin:import_people"),
        {
            "organisation": nordlicht_habagat.vendor.pk,
            "file": SimpleUploadedFile("people.csv", csv_of(LENI)),
            "applies_on": "2026-03-02",
        },
    )
    assert foreign.context["form"].errors["organisation"]
    trainer = factories.as_user(Client(), klaus)
    assert trainer.get(reverse("attune_people_admin:import_people")).status_code == 302


def test_a_report_costs_the_same_however_many_there_are(
    at_desk: Client, nordlicht_habagat: Pair, django_assert_max_num_queries: Any
) -> None:
    lines = [f"N-{n};Name {n};n{n}@habagat.test;;;Manila;01.03.2026;;" for n in range(60)]
    kept = upload(at_desk, csv_of(*lines), nordlicht_habagat.vendor)
    confirm(at_desk, kept)
    at_desk.get(report_of(kept))
    with django_assert_max_num_queries(40):
        at_desk.get(report_of(kept))


def test_what_stops_in_the_middle_leaves_nothing_and_is_done_anew(
    at_desk: Client, nordlicht_habagat: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last write of the import dies with its worker; another worker takes the job."""
    kept = upload(at_desk, csv_of(LENI), nordlicht_habagat.vendor)
    confirm(at_desk, kept)
    at_desk.post(report_of(kept), {"do": "apply"})
    people = Person.objects.count()

    def die(**written: Any) -> None:
        assert Person.objects.count() == people + 1
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("attune.people.importing.services._end_confirmed", lambda *a, **k: die())
        with pytest.raises(SystemExit):
            runner.run_due()
    assert Person.objects.count() == people
    kept.refresh_from_db()
    assert kept.applied_at is None
    runner.run_due()
    kept.refresh_from_db()
    assert kept.result["new"] == 1
    assert Person.objects.count() == people + 1


def test_invitations_are_sent_once_whatever_the_mail_server_does(
    at_desk: Client, nordlicht_habagat: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"N-{n};Name {n};n{n}@habagat.test;;;Manila;01.03.2026;;" for n in range(6)]
    kept = upload(at_desk, csv_of(*lines), nordlicht_habagat.vendor, invites="on")
    confirm(at_desk, kept)
    at_desk.post(report_of(kept), {"do": "apply"})
    real = "django.core.mail.EmailMultiAlternatives.send"
    with monkeypatch.context() as patched:
        patched.setattr(real, lambda message: (_ for _ in ()).throw(ConnectionRefusedError()))
        runner.run_due()
    page = at_desk.get(report_of(kept)).content.decode()
    assert "The mail server does not answer" in page
    assert not mail.outbox
    # A sender that died after its claim: nobody knows whether that mail went out.
    first = ImportInvitation.objects.order_by("pk").first()
    assert first is not None
    ImportInvitation.objects.filter(pk=first.pk).update(state="sending")
    at_desk.post(report_of(kept), {"do": "invite"})
    runner.run_due()
    assert sorted(each.to[0] for each in mail.outbox) == [f"n{n}@habagat.test" for n in range(6)]
    at_desk.post(report_of(kept), {"do": "invite"})
    runner.run_due()
    assert len(mail.outbox) == 6


def test_an_unclear_invitation_is_not_sent_again_by_itself(
    at_desk: Client, nordlicht_habagat: Pair
) -> None:
    kept = upload(at_desk, csv_of(LENI), nordlicht_habagat.vendor, invites="on")
    confirm(at_desk, kept)
    at_desk.post(report_of(kept), {"do": "apply"})
    (job,) = runner.sweep()
    runner.run(job)
    ImportInvitation.objects.update(state="sending")
    runner.run_due()
    assert not mail.outbox
    assert "unclear" in at_desk.get(report_of(kept)).content.decode()
