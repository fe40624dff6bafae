"""Due dates: zones, clocks that leap, holidays, leap days and month ends."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.enrolments.due_dates import (
    FARTHEST,
    Hour,
    Moved,
    Place,
    Terms,
    add_months,
    again_on,
    at_wall,
    due_at,
    moment_on,
    spell_began,
    working_day,
)
from attune.enrolments.public_holidays import is_public_holiday, knows, name_of, weekend_of

BERLIN, MANILA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Manila")
NINE_TO_SIX = ((time(9), time(18)),)
WEEKDAYS = dict.fromkeys(range(5), NINE_TO_SIX)

zones = st.sampled_from(sorted(zoneinfo.available_timezones())).map(ZoneInfo)
days = st.dates(date(2000, 1, 1), date(2050, 12, 31))
times = st.times().map(lambda each: each.replace(microsecond=0))
countries = st.sampled_from(["", "DE", "PH", "US", "IN", "AE", "XX", "PL"])


@st.composite
def places(draw: st.DrawFn) -> Place:
    hours = draw(
        st.dictionaries(
            st.integers(0, 6),
            st.lists(st.tuples(times, times), min_size=1, max_size=2).map(tuple),
            max_size=7,
        )
    )
    return Place(
        zone=draw(zones),
        country=draw(countries),
        hours=hours,
        days_off=draw(st.frozensets(days, max_size=3)),
    )


# --- Clocks -------------------------------------------------------------------------------------


def test_an_hour_that_is_left_out_is_never_due_before_it_would_have_been() -> None:
    # On 29 March 2026 Berlin has no 02:30; the clock goes from 02:00 to 03:00.
    moment = at_wall(date(2026, 3, 29), time(2, 30), BERLIN)
    assert moment == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_comes_twice_means_the_later_one() -> None:
    moment = at_wall(date(2026, 10, 25), time(2, 30), BERLIN)
    assert moment == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_is_due_all_the_same() -> None:
    # Samoa had no 30 December 2011.
    apia = ZoneInfo("Pacific/Apia")
    moment = at_wall(date(2011, 12, 30), time(18), apia)
    assert at_wall(date(2011, 12, 29), time(18), apia) < moment
    assert moment <= at_wall(date(2011, 12, 31), time(18), apia)


@given(days, times, zones)
def test_the_wall_shows_the_time_that_was_meant_unless_it_was_left_out(
    day: date, at: time, zone: ZoneInfo
) -> None:
    moment = at_wall(day, at, zone)
    assert moment.tzinfo is UTC
    wall = datetime.combine(day, at)
    shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
    is_left_out = all(
        wall.replace(tzinfo=zone, fold=fold)
        .astimezone(UTC)
        .astimezone(zone)
        .replace(tzinfo=None, fold=0)
        != wall
        for fold in (0, 1)
    )
    assert shown == wall if not is_left_out else shown > wall


@given(places(), days)
def test_the_last_minute_is_of_that_very_day(place: Place, day: date) -> None:
    moment = moment_on(day, Hour.LAST_MINUTE, place).astimezone(place.zone)
    assert moment.date() >= day
    assert moment - timedelta(days=1) < at_wall(day, time(23, 59, 59), place.zone)


def test_a_shift_that_ends_after_midnight_is_due_when_it_ends() -> None:
    place = Place(zone=MANILA, hours={4: ((time(21), time(6)), (time(9), time(18)))})
    friday = date(2026, 11, 27)
    moment = moment_on(friday, Hour.END_OF_WORK, place)
    assert moment.astimezone(MANILA) == datetime(2026, 11, 28, 6, tzinfo=MANILA)


def test_without_hours_work_ends_at_six() -> None:
    moment = moment_on(date(2026, 11, 27), Hour.END_OF_WORK, Place(zone=MANILA))
    assert moment == datetime(2026, 11, 27, 10, tzinfo=UTC)


# --- Days off -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "moved", "expected"),
    [
        (date(2026, 12, 25), Moved.NEXT, date(2026, 12, 28)),  # Christmas, Boxing Day, Sunday
        (date(2026, 12, 25), Moved.PREVIOUS, date(2026, 12, 24)),
        (date(2026, 11, 28), Moved.NEXT, date(2026, 11, 30)),
        (date(2026, 11, 28), Moved.PREVIOUS, date(2026, 11, 27)),
        (date(2026, 11, 27), Moved.NEXT, date(2026, 11, 27)),
    ],
)
def test_off_holidays_and_weekends(day: date, moved: Moved, expected: date) -> None:
    place = Place(zone=BERLIN, country="DE", hours=WEEKDAYS)
    assert working_day(day, place, moved) == expected


def test_a_part_of_the_country_has_days_of_its_own() -> None:
    epiphany = date(2026, 1, 6)
    assert not is_public_holiday(epiphany, "DE")
    assert is_public_holiday(epiphany, "DE", "BY")
    assert name_of(epiphany, "DE", "BY")
    assert Place(zone=BERLIN, country="DE").works_on(epiphany)
    assert not Place(zone=BERLIN, country="DE", subdivision="BY").works_on(epiphany)


def test_a_country_nobody_knows_has_no_holidays_and_the_usual_weekend() -> None:
    assert not is_public_holiday(date(2026, 1, 1), "XX")
    assert not is_public_holiday(date(2026, 1, 1), "")
    assert weekend_of("XX") == {5, 6}
    assert not knows("DE", "NOWHERE")
    assert is_public_holiday(date(2026, 12, 25), "DE", "NOWHERE")


def test_the_places_own_day_off_counts() -> None:
    place = Place(zone=BERLIN, hours=WEEKDAYS, days_off=frozenset({date(2026, 11, 27)}))
    assert working_day(date(2026, 11, 27), place, Moved.NEXT) == date(2026, 11, 30)


def test_the_working_day_before_is_not_before_the_time_began() -> None:
    place = Place(zone=BERLIN, hours=WEEKDAYS)
    saturday = date(2026, 11, 28)
    found = working_day(saturday, place, Moved.PREVIOUS, not_before=saturday)
    assert found == date(2026, 11, 30)


def test_where_nobody_ever_works_the_day_stays() -> None:
    every = frozenset(date(2026, 1, 1) + timedelta(days=each) for each in range(365))
    place = Place(zone=BERLIN, days_off=every)
    assert working_day(date(2026, 6, 1), place, Moved.NEXT) == date(2026, 6, 1)


@given(places(), days, st.sampled_from(Moved))
def test_it_lands_on_a_working_day_as_near_as_there_is(
    place: Place, day: date, moved: Moved
) -> None:
    found = working_day(day, place, moved)
    step = 1 if moved is Moved.NEXT else -1
    assert 0 <= (found - day).days * step < FARTHEST
    assert place.works_on(found) or found == day
    between = [day + timedelta(days=each * step) for each in range(abs((found - day).days))]
    assert not any(place.works_on(each) for each in between)


@given(places(), days, st.integers(0, 400), st.none() | days, st.sampled_from(Moved))
def test_due_dates_hold_to_the_place_and_never_lie_before_the_time_began(
    place: Place, begins: date, length: int, by: date | None, moved: Moved
) -> None:
    terms = Terms(days=length, by=by, hour=Hour.LAST_MINUTE, moved=moved)
    due = due_at(counts_from=begins, terms=terms, place=place)
    assert due.tzinfo is UTC
    local = due.astimezone(place.zone).date()
    wished = by if by is not None and begins <= by else begins + timedelta(days=length)
    assert local >= begins
    # 23:59 may be left out once in a century; otherwise the day is one that the place works.
    assert abs((local - wished).days) <= FARTHEST + 1


def test_whoever_joins_after_the_date_gets_the_days() -> None:
    terms = Terms(days=10, by=date(2026, 11, 20))
    place = Place(zone=MANILA, hours=WEEKDAYS)
    before = due_at(counts_from=date(2026, 11, 20), terms=terms, place=place)
    after = due_at(counts_from=date(2026, 11, 23), terms=terms, place=place)
    assert before.astimezone(MANILA) == datetime(2026, 11, 20, 18, tzinfo=MANILA)
    assert after.astimezone(MANILA) == datetime(2026, 12, 3, 18, tzinfo=MANILA)


# --- Months and rounds --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_months_end_where_they_end(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@given(days, st.integers(0, 240))
def test_so_many_months_later_is_that_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


def test_the_round_ends_on_the_persons_own_calendar() -> None:
    # In Manila it is already the 1st of March.
    completed = datetime(2026, 2, 28, 17, tzinfo=UTC)
    manila = again_on(completed_at=completed, expires_at=None, months=12, zone=MANILA)
    berlin = again_on(completed_at=completed, expires_at=None, months=12, zone=BERLIN)
    assert (manila, berlin) == (date(2027, 3, 1), date(2027, 2, 28))


def test_the_earlier_of_validity_and_interval_starts_the_round() -> None:
    completed = datetime(2026, 1, 10, tzinfo=UTC)
    expires = datetime(2026, 7, 10, tzinfo=UTC)
    asked = {"completed_at": completed, "zone": ZoneInfo("UTC")}
    assert again_on(expires_at=expires, months=12, **asked) == date(2026, 7, 10)  # type: ignore[arg-type]
    assert again_on(expires_at=expires, months=3, **asked) == date(2026, 4, 10)  # type: ignore[arg-type]
    assert again_on(expires_at=None, months=None, **asked) is None  # type: ignore[arg-type]


# --- Since when -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], None),
        ([(date(2026, 12, 1), None)], None),
        ([(date(2026, 1, 1), date(2026, 5, 31))], None),
        ([(date(2026, 1, 1), None)], date(2026, 1, 1)),
        ([(date(2026, 6, 1), None), (date(2026, 1, 1), date(2026, 5, 31))], date(2026, 1, 1)),
        ([(date(2026, 6, 2), None), (date(2026, 1, 1), date(2026, 5, 31))], date(2026, 6, 2)),
        ([(date(2026, 6, 1), None), (date(2025, 1, 1), date(2026, 8, 1))], date(2025, 1, 1)),
    ],
)
def test_since_when_without_a_break(
    spans: list[tuple[date, date | None]], expected: date | None
) -> None:
    assert spell_began(spans, date(2026, 11, 23)) == expected


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.none() | st.integers(0, 20)).map(
            lambda pair: (
                date(2026, 1, 1) + timedelta(days=pair[0]),
                None if pair[1] is None else date(2026, 1, 1) + timedelta(days=pair[0] + pair[1]),
            )
        ),
        max_size=6,
    ),
    st.integers(0, 90),
)
def test_since_when_agrees_with_counting_the_days_back(
    spans: list[tuple[date, date | None]], offset: int
) -> None:
    on = date(2026, 1, 1) + timedelta(days=offset)

    def there(day: date) -> bool:
        return any(first <= day and (last is None or last >= day) for first, last in spans)

    expected = None
    day = on
    while there(day):
        expected, day = day, day - timedelta(days=1)
    assert spell_began(spans, on) == expected
