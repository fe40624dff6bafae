"""The demo content in other languages, through wagtail-localize itself.

The German text is written as translations of the English strings, in wagtail-localize's own
tables, and the pages are made from those by wagtail-localize. So its editor shows the
translation as done, a changed English lesson shows what has to be translated again, and
block ids and keys are those of the original.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from wagtail.models import Locale, Page
from wagtail_localize.models import (
    String,
    StringTranslation,
    Translation,
    TranslationContext,
    TranslationSource,
)
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

from attune.curriculum.models import ClientHomePage, FrontPage, ProgrammePage
from config.demo.cases import load_norms_in
from config.demo.content import Author, culture_of, instance_of, library_of, publish
from config.demo.reading import ROOT, ContentError, Source

LIBRARY_TITLES = {"de": "Module"}

# English string, its place in the page, the same in the other language.
Pair = tuple[str, str, str]


def pairs(original: Any, translated: Any, *, where: str) -> list[Pair]:
    """The strings of two instances, one in each language, matched by place and order.

    :raises ContentError: a text has other paragraphs than its translation.
    """
    theirs = _strings_by_path(translated)
    found: list[Pair] = []
    faults = []
    for path, strings in _strings_by_path(original).items():
        others = theirs.pop(path, [])
        if len(strings) != len(others):
            faults.append(
                f"{where}: {path} has {len(strings)} texts, its translation {len(others)}"
            )
        found += [(mine, path, other) for mine, other in zip(strings, others, strict=False)]
    faults += [f"{where}: {path} is only in the translation" for path in theirs]
    if faults:
        raise ContentError(faults)
    return found


def _strings_by_path(instance: Any) -> dict[str, list[str]]:
    strings: dict[str, list[str]] = defaultdict(list)
    for segment in extract_segments(instance):
        if isinstance(segment, StringSegmentValue):
            strings[segment.path].append(segment.string.data)
    return strings


def check_translations(programmes: Iterable[Source]) -> None:
    """Match every translation with its original before anything is written.

    :raises ContentError: see ``pairs``.
    """
    faults: list[str] = []
    locale = Locale(language_code="en")
    for source in (each for programme in programmes for each in _everything_in(programme)):
        for language, translated in source.translations.items():
            try:
                pairs(
                    instance_of(source, locale=locale),
                    instance_of(translated, locale=locale),
                    where=f"{source.path} ({language})",
                )
            except ContentError as error:
                faults += error.faults
    if faults:
        raise ContentError(faults)


def _everything_in(source: Source) -> Iterable[Source]:
    yield source
    for child in source.children:
        yield from _everything_in(child)


def load_translations(
    programme: Source, *, front: FrontPage, author: Author, report: Callable[[str], None]
) -> None:
    """Make the pages of every translation of a programme that are not there yet."""
    for language, translated in programme.translations.items():
        locale, _created = Locale.objects.get_or_create(language_code=language)
        translator = Translator(locale=locale, author=author)
        original = ProgrammePage.objects.get(translation_key=programme.key, locale=author.locale)
        home = ClientHomePage.objects.ancestor_of(original).get()
        library = library_of(home)
        # Names of companies are the same everywhere; the shelf has a word of its own.
        translator.translate(front, [(front.title, "title", front.title)])
        translator.translate(home, [(home.title, "title", home.title)])
        translator.translate(library, [(library.title, "title", LIBRARY_TITLES[language])])
        for module in programme.children:
            if language in module.translations:
                translator.module(module, module.translations[language])
        translator.page(programme, translated)
        load_norms_in(ROOT / programme.path / language, culture_of(programme, author), locale)
        if translator.made:
            report(f"“{translated.values['title']}” ({language}), {translator.made} pages")


class Translator:
    """Translates pages and questions of one programme into one language."""

    def __init__(self, *, locale: Locale, author: Author) -> None:
        self.locale = locale
        self.author = author
        self.made = 0

    def module(self, original: Source, translated: Source) -> None:
        """A module with all its units, since learners must be able to complete it.

        What is not translated yet says so to its translators, and stays in the first
        language until then.
        """
        self.page(original, translated)
        for unit in original.children:
            for each in (*unit.children, unit):
                if (other := each.translations.get(self.locale.language_code)) is not None:
                    self.page(each, other)
                else:
                    self.translate(self._standing(each), [])

    def _standing(self, source: Source) -> Any:
        model = type(instance_of(source, locale=self.author.locale))
        return model.objects.get(translation_key=source.key, locale=self.author.locale)

    def page(self, source: Source, translated: Source) -> None:
        """Translate what was made from ``source``: a page or a question."""
        mine = instance_of(source, locale=self.author.locale)
        theirs = instance_of(translated, locale=self.locale)
        self.translate(self._standing(source), pairs(mine, theirs, where=source.path))

    def translate(self, original: Any, found: Iterable[Pair]) -> None:
        """Publish ``original`` in this language, unless it is there already."""
        if original.has_translation(self.locale):
            return
        source, _created = TranslationSource.get_or_create_from_instance(original)
        self._remember(source, list(found))
        translation = Translation.objects.create(
            source=source, target_locale=self.locale, enabled=True
        )
        translation.save_target(user=self.author.user, publish=False)
        publish(original.get_translation(self.locale), author=self.author)
        if isinstance(original, Page):
            self.made += 1

    def _remember(self, source: TranslationSource, found: list[Pair]) -> None:
        """Write each translation where wagtail-localize looks for it.

        A string that a trainer has changed meanwhile is passed over: it stays English until
        somebody translates it.
        """
        contexts = {
            context.path: context
            for context in TranslationContext.objects.filter(object_id=source.object_id)
        }
        strings = {
            string.data: string
            for string in String.objects.filter(
                locale_id=source.locale_id, segments__source=source
            ).distinct()
        }
        for mine, path, other in found:
            if mine in strings and path in contexts:
                StringTranslation.objects.get_or_create(
                    translation_of=strings[mine],
                    locale=self.locale,
                    context=contexts[path],
                    defaults={
                        "data": other,
                        "translation_type": StringTranslation.TRANSLATION_TYPE_MANUAL,
                        "last_translated_by": self.author.user,
                    },
                )
