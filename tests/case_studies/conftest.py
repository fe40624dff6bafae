"""Nordlicht's case study, in the module of the cast, and Maria, who owes it."""

from __future__ import annotations

import pytest

from attune.people.models import Person
from tests import factories
from tests.case_studies.support import NOW, CaseSet, case_page
from tests.conftest import Content, Pair


@pytest.fixture
def case_set(nordlicht_habagat: Pair, nordlicht_content: Content, maria: Person) -> CaseSet:
    page = case_page(nordlicht_content.module)
    enrolment = factories.enrol(
        maria, nordlicht_content.programme, nordlicht_habagat.engagement, now=NOW
    )
    return CaseSet(page, maria, enrolment, nordlicht_content)
