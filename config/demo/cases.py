"""Case studies of the demo: pages with all their rows, what clients' texts say, and norms.

Pages are made unsaved, for ``content.load_module`` to add and publish; the keys of their rows
follow from the author's own, so that a second load finds what the first made.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from wagtail.models import Locale

from attune.case_studies.models import (
    CaseChoice,
    CaseCompetency,
    CaseEnding,
    CaseMeter,
    CaseScene,
    CaseStudyPage,
    ReflectionQuestion,
    ReflectiveCasePage,
)
from attune.cultures.models import ClientCard, Culture, Norm, SlaTarget
from attune.people.models import Organisation
from config.demo.tables import Source, key_of


def case_page(source: Source, words: dict[str, Any]) -> CaseStudyPage:
    """An unsaved branching case with its rows, in the default language."""
    plain = source.values["case"]
    page = CaseStudyPage(
        **words, introduction=plain["introduction"], pass_score=plain["pass_score"]
    )
    row = _Rows(source.path, Locale.get_default())
    page.meters = [row(CaseMeter, number, each) for number, each in enumerate(plain["meters"])]
    page.competencies = [
        row(CaseCompetency, number, each) for number, each in enumerate(plain["competencies"])
    ]
    page.endings = [row(CaseEnding, number, each) for number, each in enumerate(plain["endings"])]
    scenes = []
    for number, each in enumerate(plain["scenes"]):
        own = {name: value for name, value in each.items() if name not in ("body", "choices")}
        scene = row(CaseScene, number, own)
        scene.body = CaseScene._meta.get_field("body").stream_block.to_python(each["body"])
        scene.choices = [
            row(CaseChoice, place, choice, within=each["key"])
            for place, choice in enumerate(each["choices"])
        ]
        scenes.append(scene)
    page.scenes = scenes
    return page


def reflective_case_page(source: Source, words: dict[str, Any]) -> ReflectiveCasePage:
    """An unsaved case to read, with its questions."""
    values = source.values
    page = ReflectiveCasePage(
        **words,
        provenance=values["provenance"],
        least_words=values["least_words"],
        story=ReflectiveCasePage._meta.get_field("story").stream_block.to_python(values["story"]),
    )
    locale = Locale.get_default()
    page.questions = [
        ReflectionQuestion(
            locale=locale,
            translation_key=key_of(f"{source.path}/questions/{each['key']}"),
            sort_order=number,
            text=each["text"],
            hint=each["hint"],
        )
        for number, each in enumerate(values["questions"])
    ]
    return page


class _Rows:
    """Makes the rows of one case."""

    def __init__(self, path: str, locale: Locale) -> None:
        self.path = path
        self.locale = locale

    def __call__(self, model: Any, number: int, values: dict[str, Any], *, within: str = "") -> Any:
        name = values.get("key") or values["name"]
        place = f"{self.path}/{model._meta.model_name}/{within}/{name}"
        return model(locale=self.locale, translation_key=key_of(place), sort_order=number, **values)


def load_norms(folder: Path, culture: Culture) -> None:
    """The norms that cases name. What is there already stays as it is."""
    standing = set(Norm.objects.filter(culture=culture).values_list("name", flat=True))
    Norm.objects.bulk_create(
        Norm(
            culture=culture,
            locale=culture.locale,
            translation_key=key_of(f"norms/{folder.name}/{each['name']}"),
            **each,
        )
        for each in _read(folder / "norms.toml").get("norm", [])
        if each["name"] not in standing
    )


def load_norms_in(folder: Path, culture: Culture, locale: Locale) -> None:
    """The culture and the norms of translated cases, under their names in that language.

    Each says of which norm it is the translation. What is there already stays as it is.
    """
    data = _read(folder / "norms.toml")
    if not data:
        return
    translated, _created = Culture.objects.get_or_create(
        translation_key=culture.translation_key,
        locale=locale,
        defaults=data["culture"] | {"country": culture.country},
    )
    keys = dict(Norm.objects.filter(culture=culture).values_list("name", "translation_key"))
    standing = set(Norm.objects.filter(locale=locale).values_list("translation_key", flat=True))
    for each in data["norm"]:
        key = keys.get(each.pop("of"))
        if key is not None and key not in standing:
            Norm.objects.create(culture=translated, locale=locale, translation_key=key, **each)


def load_card(folder: Path, client: Organisation) -> None:
    """How the demo's texts speak about a client, and what it was promised."""
    data = _read(folder / "client-card.toml")
    if not data or ClientCard.objects.filter(client=client).exists():
        return
    ClientCard.objects.create(
        client=client,
        locale=Locale.get_default(),
        translation_key=key_of(f"client-cards/{folder.name}"),
        **data["card"],
    )
    SlaTarget.objects.bulk_create(SlaTarget(client=client, **each) for each in data["sla"])


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
