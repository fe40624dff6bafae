"""The cast itself: two pairs that stand apart, pages of their own, nobody without a part."""

from attune.people.access import reach_of
from tests import factories


def test_everybody_is_who_they_are_said_to_be(cast, nordlicht_content, cedar_content):
    pair = cast.nordlicht
    assert reach_of(pair.vendor_hr.user).manages == {pair.vendor.pk}
    assert reach_of(pair.client_hr.user).clients == {pair.client.pk}
    assert reach_of(pair.trainer.user).authors_for == {pair.client.pk}
    assert not reach_of(pair.agent.user).reads_results
    assert reach_of(cast.administrator.user).everything
    assert list(pair.trainer.user.groups.all()) == [pair.client.trainers]
    assert list(pair.vendor_hr.user.groups.all()) == [pair.vendor.readers]
    assert list(pair.agent.user.groups.all()) == []
    assert nordlicht_content.lesson.self_checks() == {}
    assert len(nordlicht_content.checked_lesson.self_checks()) == 1


def test_a_person_signs_in_and_is_enrolled(client, as_user, maria, engagement, nordlicht_content):
    enrolment = factories.enrol(maria, nordlicht_content.programme, engagement)
    assert enrolment.person == maria
    assert as_user(client, maria).session["_auth_user_id"] == str(maria.user.pk)
