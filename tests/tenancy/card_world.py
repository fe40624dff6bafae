"""What each tenant's client expects: a card, a target, and a case file that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from wagtail.models import Locale

from attune.case_studies.models import CaseImport
from attune.case_studies.services.write_case import write_case
from attune.cultures.models import ClientCard, Norm, SlaTarget
from tests.case_studies.exchange.test_write_case import a_case

if TYPE_CHECKING:
    from tests.tenancy.world import Tenant


def build(tenant: Tenant, culture: Any) -> None:
    cards(tenant)
    norm(tenant, culture)
    case_files(tenant)


def cards(tenant: Tenant) -> None:
    client = tenant.things["client"]
    card = ClientCard.objects.create(
        client=client,
        locale=Locale.get_default(),
        name=tenant.title("cardname"),
        greeting=tenant.plant("cardgreeting"),
    )
    tenant.subject("client card", pk=card.pk)
    target = SlaTarget.objects.create(client=client, team=tenant.title("slateam"), first_response=9)
    tenant.subject("sla target", pk=target.pk)


def norm(tenant: Tenant, culture: Any) -> None:
    """Of no tenant: whoever writes may read it."""
    found, _created = Norm.objects.get_or_create(
        culture=culture,
        locale=culture.locale,
        name="A date is a promise",
        defaults={"at_the_desk": "A date.", "reason": "Plans."},
    )
    tenant.subject("norm", pk=found.pk)


def case_files(tenant: Tenant) -> None:
    """A case as a draft, and a file for it that was tried and waits."""
    trainer = tenant.people["trainer"].user
    case = a_case(title=tenant.title("filedcase"), key=tenant.mark)
    page = write_case(tenant.things["pages"]["module"], case, user=trainer).page
    assert page is not None
    kept = CaseImport.objects.create(
        place=page.page_ptr,
        format="twee",
        file_name=tenant.title("casefile"),
        body=f":: {tenant.plant('casepassage')}\n[[On->there]]".encode(),
        uploaded_by=trainer,
        uploaded_at=timezone.now(),
    )
    tenant.subject("case file", page_id=page.pk, deed=kept.deed)
