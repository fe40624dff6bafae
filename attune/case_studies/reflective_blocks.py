"""The blocks that the story of an engagement is told with."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

STORY_FEATURES = ["h3", "bold", "italic", "ol", "ul", "link"]
TEMPLATES = "attune_case_studies/story"


class QuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock(label=_("What was said"), rows=3)
    speaker = blocks.CharBlock(label=_("Who"), max_length=80)
    role = blocks.CharBlock(label=_("Role"), max_length=120, required=False)

    class Meta:
        icon = "openquote"
        label = _("Quote")
        template = f"{TEMPLATES}/quote.html"


class EventBlock(blocks.StructBlock):
    when = blocks.CharBlock(label=_("When"), max_length=60)
    what = blocks.TextBlock(label=_("What happened"), rows=2)

    class Meta:
        icon = "calendar"
        label = _("Event")


class TimelineBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), max_length=150)
    events = blocks.ListBlock(EventBlock(), label=_("Events, in order"), min_num=1)

    class Meta:
        icon = "history"
        label = _("Timeline")
        template = f"{TEMPLATES}/timeline.html"


class StoryPictureBlock(blocks.StructBlock):
    # ImageBlock asks for a text alternative, or for the word that none is needed.
    image = ImageBlock(label=_("Picture"))
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=250)

    class Meta:
        icon = "image"
        label = _("Picture")
        template = f"{TEMPLATES}/picture.html"


class StoryBody(blocks.StreamBlock):
    """A story to read in a quarter of an hour: text, voices, dates, pictures."""

    prose = blocks.RichTextBlock(
        label=_("Text"),
        features=STORY_FEATURES,
        icon="pilcrow",
        template=f"{TEMPLATES}/prose.html",
    )
    quote = QuoteBlock()
    timeline = TimelineBlock()
    picture = StoryPictureBlock()
