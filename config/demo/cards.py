"""Client cards, SLA targets and norms of the demo, from ``demo_content/cards.toml``.

What is there already stays as it is: a trainer may have edited it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from wagtail.models import Locale

from attune.cultures.models import ClientCard, Culture, Norm, SlaTarget
from attune.people.models import Organisation
from config.demo.reading import ROOT, key_of

FILE = ROOT / "cards.toml"


def load_cards(*, report: Callable[[str], None]) -> None:
    """Once the clients and their cultures are there."""
    with FILE.open("rb") as file:
        for code, told in tomllib.load(file).items():
            client = Organisation.objects.get(code=code)
            made = _card(client, told) + _targets(client, told) + _norms(told)
            if made:
                report(f"{client.name}: card, targets and norms, {made} row(s)")


def _card(client: Organisation, told: dict[str, Any]) -> int:
    made = 0
    for language, values in told["card"].items():
        locale = Locale.objects.filter(language_code=language).first()
        if locale is None:
            continue
        _row, created = ClientCard.objects.get_or_create(
            client=client,
            engagement=None,
            locale=locale,
            defaults={**values, "translation_key": key_of(f"cards/{client.code}")},
        )
        made += created
    return made


def _targets(client: Organisation, told: dict[str, Any]) -> int:
    if SlaTarget.objects.filter(client=client).exists():
        return 0
    rows = [SlaTarget(client=client, **values) for values in told["targets"]]
    for row in rows:
        row.full_clean()
    return len(SlaTarget.objects.bulk_create(rows))


def _norms(told: dict[str, Any]) -> int:
    locale = Locale.get_default()
    key = key_of(f"cultures/{told['culture']}")
    culture = Culture.objects.filter(translation_key=key, locale=locale).first()
    if culture is None or culture.norms.exists():
        return 0
    rows = [Norm(culture=culture, locale=locale, **values) for values in told["norms"]]
    for row in rows:
        row.full_clean()
    return len(Norm.objects.bulk_create(rows))
