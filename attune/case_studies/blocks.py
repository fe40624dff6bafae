"""The blocks a scene is shown with: what lies on the agent's desk when they must decide."""

from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtailmedia.blocks import AbstractMediaChooserBlock

SCENE_FEATURES = ["bold", "italic", "ol", "ul", "link"]


def name_editor(widget: Any, label: Any) -> None:
    """Give Wagtail's rich text editor an accessible name; by itself it has none.

    Its options are handed to Draftail as they are, and ``ariaLabel`` is one of Draftail's.
    """
    options = getattr(widget, "options", None)
    if isinstance(options, dict):  # a host may have put another editor in its place
        options["ariaLabel"] = label


class SceneTextBlock(blocks.RichTextBlock):
    """Wagtail's, with a name for its editor. In migrations it is Wagtail's."""

    @cached_property
    def field(self) -> Any:
        field = super().field
        name_editor(field.widget, self.label)
        return field

    def deconstruct(self) -> Any:
        _path, args, kwargs = super().deconstruct()
        return "wagtail.blocks.RichTextBlock", args, kwargs


class RecordingChooserBlock(AbstractMediaChooserBlock):
    def render_basic(self, value: Any, context: Any = None) -> str:
        return str(value.title) if value else ""


class PersonBlock(blocks.StructBlock):
    name = blocks.CharBlock(label=_("Name"), max_length=80)
    role = blocks.CharBlock(label=_("Role"), max_length=120, required=False)


class PeopleBlock(blocks.StructBlock):
    people = blocks.ListBlock(PersonBlock(), label=_("People"), min_num=1)

    class Meta:
        icon = "group"
        label = _("Who is who")


class TicketBlock(blocks.StructBlock):
    number = blocks.CharBlock(label=_("Number"), max_length=40, required=False)
    subject = blocks.CharBlock(label=_("Subject"), max_length=200)
    requester = blocks.CharBlock(label=_("From"), max_length=120, required=False)
    priority = blocks.CharBlock(label=_("Priority"), max_length=40, required=False)
    text = SceneTextBlock(label=_("Text"), features=SCENE_FEATURES)

    class Meta:
        icon = "clipboard-list"
        label = _("Ticket")


class MailBlock(blocks.StructBlock):
    sender = blocks.CharBlock(label=_("From"), max_length=120)
    to = blocks.CharBlock(label=_("To"), max_length=200, required=False)
    sent = blocks.CharBlock(label=_("Sent"), max_length=60, required=False)
    subject = blocks.CharBlock(label=_("Subject"), max_length=200, required=False)
    text = SceneTextBlock(label=_("Text"), features=SCENE_FEATURES)


class MailThreadBlock(blocks.StructBlock):
    mails = blocks.ListBlock(MailBlock(), label=_("E-mails, oldest first"), min_num=1)

    class Meta:
        icon = "mail"
        label = _("E-mail thread")


class LineBlock(blocks.StructBlock):
    speaker = blocks.CharBlock(label=_("Who"), max_length=80)
    at = blocks.CharBlock(label=_("Time"), max_length=20, required=False)
    text = blocks.TextBlock(label=_("Says"), rows=2)


class ChatBlock(blocks.StructBlock):
    lines = blocks.ListBlock(LineBlock(), label=_("Lines"), min_num=1)

    class Meta:
        icon = "comment"
        label = _("Chat")


class CallBlock(blocks.StructBlock):
    recording = RecordingChooserBlock(label=_("Recording"), required=False)
    lines = blocks.ListBlock(LineBlock(), label=_("Transcript"), min_num=1)

    class Meta:
        icon = "media"
        label = _("Call")


class MeetingBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), max_length=150)
    present = blocks.CharBlock(label=_("Present"), max_length=250, required=False)
    lines = blocks.ListBlock(LineBlock(), label=_("What is said"), min_num=1)

    class Meta:
        icon = "group"
        label = _("Meeting")


class SceneBody(blocks.StreamBlock):
    """What a scene shows, in order. A learner must be able to read every part of it."""

    narration = SceneTextBlock(label=_("Narration"), features=SCENE_FEATURES, icon="pilcrow")
    people = PeopleBlock()
    ticket = TicketBlock()
    mails = MailThreadBlock()
    chat = ChatBlock()
    call = CallBlock()
    meeting = MeetingBlock()
