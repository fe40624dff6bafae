"""The blocks a lesson is written with. Each has a template and a preview for the editor."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock
from wagtailmedia.blocks import AbstractMediaChooserBlock

LESSON_FEATURES = ["h3", "bold", "italic", "ol", "ul", "link", "document-link"]
SHORT_FEATURES = ["bold", "italic", "link", "ol", "ul"]
TEMPLATES = "attune_lessons/blocks"
PREVIEW = "attune_lessons/block_preview.html"


class MediaChooserBlock(AbstractMediaChooserBlock):
    """A recording from the media library; the surrounding block's template plays it."""

    def render_basic(self, value: Any, context: Any = None) -> str:
        return str(value.title) if value else ""


class PictureBlock(blocks.StructBlock):
    image = ImageBlock(label=_("Image"))
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=250)

    class Meta:
        icon = "image"
        label = _("Image")
        template = f"{TEMPLATES}/image.html"
        preview_template = PREVIEW


class RecordingBlock(blocks.StructBlock):
    media = MediaChooserBlock(label=_("Video or audio"))
    transcript = blocks.RichTextBlock(
        label=_("Transcript"),
        features=SHORT_FEATURES,
        help_text=_("For everyone who cannot hear it, or sits where it is loud."),
    )
    captions = blocks.TextBlock(
        label=_("Captions (WebVTT)"),
        required=False,
        help_text=_("Needed for a video in which somebody speaks. Begins with “WEBVTT”."),
    )

    class Meta:
        icon = "media"
        label = _("Video or audio")
        template = f"{TEMPLATES}/media.html"
        preview_template = PREVIEW


class DialogueLineBlock(blocks.StructBlock):
    speaker = blocks.CharBlock(label=_("Who"), max_length=80)
    says = blocks.TextBlock(label=_("Says"), rows=2)
    heard = blocks.TextBlock(
        label=_("What they heard"),
        required=False,
        rows=2,
        help_text=_("A note in the margin: how the other person understood it."),
    )

    class Meta:
        icon = "openquote"
        label = _("Line")


class DialogueBlock(blocks.StructBlock):
    setting = blocks.CharBlock(label=_("Setting"), max_length=300)
    lines = blocks.ListBlock(DialogueLineBlock(), label=_("Lines"), min_num=2)

    class Meta:
        icon = "openquote"
        label = _("Dialogue")
        template = f"{TEMPLATES}/dialogue.html"
        preview_template = PREVIEW
        preview_value = {
            "setting": "A call on Monday morning",
            "lines": [
                {"speaker": "Klaus", "says": "When will it work again?", "heard": ""},
                {
                    "speaker": "Maria",
                    "says": "I will try my best, sir.",
                    "heard": "So there is no plan yet.",
                },
            ],
        }


class DoDontPairBlock(blocks.StructBlock):
    do = blocks.TextBlock(label=_("Do"), rows=2)
    dont = blocks.TextBlock(label=_("Rather not"), rows=2)
    reason = blocks.TextBlock(label=_("Why"), rows=2)

    class Meta:
        icon = "check"
        label = _("Pair")


class DoDontBlock(blocks.StructBlock):
    pairs = blocks.ListBlock(DoDontPairBlock(), label=_("Pairs"), min_num=1)

    class Meta:
        icon = "check"
        label = _("Do and don’t")
        template = f"{TEMPLATES}/do_dont.html"
        preview_template = PREVIEW
        preview_value = {
            "pairs": [
                {
                    "do": "Name a time: “by 15:00 today”.",
                    "dont": "“As soon as possible.”",
                    "reason": "A time can be planned with.",
                }
            ]
        }


class ComparisonRowBlock(blocks.StructBlock):
    aspect = blocks.CharBlock(label=_("Aspect"), max_length=120)
    home = blocks.TextBlock(label=_("At home"), rows=2)
    target = blocks.TextBlock(label=_("At the client"), rows=2)

    class Meta:
        icon = "list-ul"
        label = _("Row")


class ComparisonBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), max_length=150)
    home_label = blocks.CharBlock(label=_("Name of the left column"), max_length=80)
    target_label = blocks.CharBlock(label=_("Name of the right column"), max_length=80)
    rows = blocks.ListBlock(ComparisonRowBlock(), label=_("Rows"), min_num=1)

    class Meta:
        icon = "table"
        label = _("Comparison")
        template = f"{TEMPLATES}/comparison.html"
        preview_template = PREVIEW
        preview_value = {
            "heading": "Saying no",
            "home_label": "Often in Manila",
            "target_label": "Often in Bremen",
            "rows": [
                {
                    "aspect": "A date cannot be kept",
                    "home": "“We will see what we can do.”",
                    "target": "“Not today. Tomorrow by noon.”",
                }
            ],
        }


class ChecklistBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("Title"), max_length=150)
    items = blocks.ListBlock(blocks.CharBlock(max_length=250), label=_("Items"), min_num=1)

    class Meta:
        icon = "tasks"
        label = _("Checklist")
        template = f"{TEMPLATES}/checklist.html"
        preview_template = PREVIEW
        preview_value = {"title": "Before you send", "items": ["Is there a date?", "Whose turn?"]}


class CallOutBlock(blocks.StructBlock):
    tone = blocks.ChoiceBlock(
        label=_("Tone"),
        choices=[("note", _("Note")), ("tip", _("Tip")), ("caution", _("Caution"))],
        default="note",
    )
    title = blocks.CharBlock(label=_("Title"), max_length=150)
    text = blocks.RichTextBlock(label=_("Text"), features=SHORT_FEATURES)

    class Meta:
        icon = "info-circle"
        label = _("Call-out")
        template = f"{TEMPLATES}/call_out.html"
        preview_template = PREVIEW
        preview_value = {
            "tone": "tip",
            "title": "Name the next step",
            "text": "<p>Silence is often read as <b>nothing is happening</b>.</p>",
        }


class MessageExampleBlock(blocks.StructBlock):
    medium = blocks.ChoiceBlock(
        label=_("Medium"),
        choices=[("email", _("E-mail")), ("ticket", _("Ticket")), ("chat", _("Chat"))],
        default="ticket",
    )
    subject = blocks.CharBlock(label=_("Subject"), max_length=200, required=False)
    before = blocks.TextBlock(label=_("Before"))
    after = blocks.TextBlock(label=_("After"))
    why = blocks.ListBlock(
        blocks.CharBlock(max_length=250), label=_("What makes it better"), min_num=1
    )

    class Meta:
        icon = "mail"
        label = _("Message, before and after")
        template = f"{TEMPLATES}/message_example.html"
        preview_template = PREVIEW
        preview_value = {
            "medium": "ticket",
            "subject": "Printer in hall 3",
            "before": "Hi sir, we are already checking. Kindly wait.",
            "after": "Hello Mr Brandt,\nthe queue is stuck. It will print again by 14:30.",
            "why": ["A cause", "A time"],
        }


class SelfCheckOptionBlock(blocks.StructBlock):
    text = blocks.CharBlock(label=_("Option"), max_length=300)
    correct = blocks.BooleanBlock(label=_("Fits"), required=False)
    feedback = blocks.CharBlock(label=_("Feedback"), max_length=400, required=False)

    class Meta:
        icon = "radio-empty"
        label = _("Option")


class SelfCheckBlock(blocks.StructBlock):
    question = blocks.TextBlock(label=_("Question"), rows=2)
    options = blocks.ListBlock(SelfCheckOptionBlock(), label=_("Options"), min_num=2, max_num=8)
    explanation = blocks.TextBlock(label=_("Explanation"), rows=2, required=False)

    class Meta:
        icon = "help"
        label = _("Self-check")
        template = f"{TEMPLATES}/self_check.html"
        preview_template = PREVIEW
        preview_value = {
            "question": "Which answer can your colleague plan with?",
            "options": [
                {"text": "As soon as I can.", "correct": False, "feedback": "When is that?"},
                {"text": "Today by 15:00.", "correct": True, "feedback": "A time."},
            ],
            "explanation": "A named time lets the other person plan.",
        }

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not any(option["correct"] for option in cleaned["options"]):
            raise blocks.StructBlockValidationError(
                block_errors={},
                non_block_errors=[_("Mark at least one option as fitting.")],
            )
        return cleaned


class LessonBody(blocks.StreamBlock):
    rich_text = blocks.RichTextBlock(
        label=_("Text"),
        features=LESSON_FEATURES,
        icon="pilcrow",
        template=f"{TEMPLATES}/rich_text.html",
        preview_template=PREVIEW,
        preview_value="<p>Short sentences. One thought each.</p>",
    )
    image = PictureBlock()
    media = RecordingBlock()
    dialogue = DialogueBlock()
    do_dont = DoDontBlock()
    comparison = ComparisonBlock()
    checklist = ChecklistBlock()
    call_out = CallOutBlock()
    message_example = MessageExampleBlock()
    self_check = SelfCheckBlock()


def self_checks_in(body: Any) -> dict[str, Any]:
    """Block id → value of every self-check of a lesson's body, in order."""
    return {child.id: child.value for child in body if child.block_type == "self_check"}
