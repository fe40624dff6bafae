"""The time zones that a person can choose from."""

import zoneinfo


def zones() -> list[tuple[str, str]]:
    """(IANA name, words) of the zones of places; aliases such as ``EST5EDT`` are left out."""
    places = {"UTC", *(name for name in zoneinfo.available_timezones() if "/" in name)}
    shown = sorted(name for name in places if not name.startswith(("Etc/", "SystemV/", "US/")))
    return [(name, name.replace("_", " ")) for name in shown]
