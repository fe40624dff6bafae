"""Plain data as a QTI 2.1 content package: a manifest, and one file per item."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # writes only
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from attune.quizzes.exchange.contract import Draft
from attune.quizzes.exchange.moodle_writing import middle_of
from attune.quizzes.exchange.numbers import equal_shares, is_range
from attune.quizzes.exchange.qti_items import SITUATION, TEXT, UNIT
from attune.quizzes.exchange.texts import from_plain

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_PROCESSING = "http://www.imsglobal.org/question/qti_v2p1/rptemplates"
_PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
# ZIP knows no time before 1980; a fixed one makes the same questions the same file.
_WHEN = (1980, 1, 1, 0, 0, 0)


def write_package(drafts: Sequence[Draft]) -> bytes:
    body = io.BytesIO()
    names = [name_of(draft, number) for number, draft in enumerate(drafts, 1)]
    with ZipFile(body, "w", ZIP_DEFLATED) as archive:
        _add(archive, "imsmanifest.xml", manifest(names))
        for number, (name, draft) in enumerate(zip(names, drafts, strict=True), 1):
            # Numbered, so that they are read again in this order.
            _add(archive, f"items/{number:05}.xml", write_item(name, draft))
    return body.getvalue()


def _add(archive: ZipFile, name: str, text: str) -> None:
    info = ZipInfo(name, _WHEN)
    info.compress_type = ZIP_DEFLATED
    archive.writestr(info, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def name_of(draft: Draft, number: int) -> str:
    """QTI's ids begin with a letter."""
    if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", draft.identifier):
        return f"q-{draft.identifier}"
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", draft.identifier):
        return draft.identifier
    return f"item-{number}"


def tag(name: str, *content: str, **attributes: str) -> str:
    given = "".join(f" {key}={quoteattr(clean(value))}" for key, value in attributes.items())
    return f"<{name}{given}>{''.join(content)}</{name}>"


def clean(text: Any) -> str:
    return _NOT_IN_XML.sub("", str(text or ""))


def xml(text: Any) -> str:
    """A plain text with its line breaks."""
    return "<br/>".join(escape(line) for line in clean(text).split("\n"))


def manifest(names: Iterable[str]) -> str:
    resources = "".join(
        tag(
            "resource",
            tag("file", href=f"items/{number:05}.xml"),
            identifier=f"r-{number}",
            type="imsqti_item_xmlv2p1",
            href=f"items/{number:05}.xml",
        )
        for number, _name in enumerate(names, 1)
    )
    return tag(
        "manifest",
        tag("metadata", tag("schema", "QTIv2.1 Package"), tag("schemaversion", "1.0.0")),
        tag("organizations"),
        tag("resources", resources),
        xmlns=_PACKAGE,
        identifier="attune-questions",
    )


def write_item(name: str, draft: Draft) -> str:
    declarations, body, processing = WRITERS[draft.kind](draft)
    explanation = (
        tag(
            "modalFeedback",
            draft.explanation,
            outcomeIdentifier="SOLUTION",
            identifier="general",
            showHide="show",
        )
        if draft.explanation
        else ""
    )
    return tag(
        "assessmentItem",
        "\n",
        declarations,
        tag("outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float"),
        tag(
            "outcomeDeclaration",
            identifier="FEEDBACK",
            cardinality="multiple",
            baseType="identifier",
        ),
        tag(
            "outcomeDeclaration", identifier="SOLUTION", cardinality="single", baseType="identifier"
        ),
        "\n",
        tag("itemBody", draft.prompt, "\n", body),
        "\n",
        processing,
        explanation,
        "\n",
        xmlns=_QTI,
        identifier=name,
        title=draft.title or "",
        adaptive="false",
        timeDependent="false",
    )


Written = tuple[str, str, str]
"""Response declarations, what stands in the body after the prompt, response processing."""


def declare(
    correct: Iterable[str],
    *,
    name: str = "RESPONSE",
    cardinality: str = "single",
    base_type: str = "identifier",
    worth: Iterable[tuple[str, float]] = (),
    case_matters: bool | None = None,
) -> str:
    values = "".join(tag("value", xml(each)) for each in correct)
    entries = "".join(
        tag(
            "mapEntry",
            mapKey=key,
            mappedValue=f"{points:.7f}".rstrip("0").rstrip("."),
            **({} if case_matters is None else {"caseSensitive": str(case_matters).lower()}),
        )
        for key, points in worth
    )
    return tag(
        "responseDeclaration",
        tag("correctResponse", values) if values else "",
        tag("mapping", entries, lowerBound="0", upperBound="1", defaultValue="0")
        if entries
        else "",
        identifier=name,
        cardinality=cardinality,
        baseType=base_type,
    )


def by_template(name: str) -> str:
    return tag("responseProcessing", template=f"{_PROCESSING}/{name}")


def simple_choice(name: str, text: Any, feedback: Any = "") -> str:
    told = (
        tag(
            "feedbackInline",
            xml(feedback),
            outcomeIdentifier="FEEDBACK",
            identifier=name,
            showHide="show",
        )
        if feedback
        else ""
    )
    return tag("simpleChoice", xml(text), told, identifier=name)


def choice_interaction(
    choices: str, *, name: str = "RESPONSE", most: int = 1, ask: str = ""
) -> str:
    return tag(
        "choiceInteraction",
        tag("prompt", ask) if ask else "",
        choices,
        responseIdentifier=name,
        shuffle="false",
        maxChoices=str(most),
    )


def true_false(draft: Draft) -> Written:
    choices = "".join(
        simple_choice(name, name.capitalize(), draft.data.get(f"feedback_{name}"))
        for name in ("true", "false")
    )
    right = "true" if draft.data["answer"] else "false"
    return declare([right]), choice_interaction(choices), by_template("match_correct")


def choice(draft: Draft) -> Written:
    options = draft.data["options"]
    names = [f"option-{number}" for number in range(1, len(options) + 1)]
    right = [n for n, each in zip(names, options, strict=True) if each.get("correct")]
    choices = "".join(
        simple_choice(n, each["text"], each.get("feedback"))
        for n, each in zip(names, options, strict=True)
    )
    worth: list[tuple[str, float]] = []
    multiple = bool(draft.data.get("multiple"))
    if multiple and draft.data.get("partial_credit"):
        shares = equal_shares([bool(each.get("correct")) for each in options])
        worth = [(n, share / 100) for n, share in zip(names, shares, strict=True)]
    elif not multiple and any(each.get("share") for each in options):
        worth = [
            (n, 1.0 if each.get("correct") else float(each.get("share") or 0) / 100)
            for n, each in zip(names, options, strict=True)
        ]
    declared = declare(right, cardinality="multiple" if multiple else "single", worth=worth)
    asked = choice_interaction(choices, most=0 if multiple else 1)
    return declared, asked, by_template("map_response" if worth else "match_correct")


def likert(draft: Draft) -> Written:
    choices = "".join(
        simple_choice(f"step-{number}", each["text"])
        for number, each in enumerate(draft.data["scale"], 1)
    )
    return declare([]), choice_interaction(choices), ""


def performance(draft: Draft) -> Written:
    declarations, body = "", ""
    for number, each in enumerate(draft.data["steps"], 1):
        name = f"RESPONSE-{number}"
        replies = [each["right"], *each.get("wrong", [])]
        ids = [f"reply-{number}-{place}" for place in range(1, len(replies) + 1)]
        declarations += declare([ids[0]], name=name)
        body += choice_interaction(
            "".join(simple_choice(*pair) for pair in zip(ids, replies, strict=True)),
            name=name,
            ask=xml(each["text"]),
        )
    return declarations, body, ""


def text_entry(name: str) -> str:
    return tag("textEntryInteraction", responseIdentifier=name)


def fill_in(draft: Draft) -> Written:
    text = from_plain(str(draft.data["text"]))
    declarations = ""
    for number, blank in enumerate(draft.data["blanks"], 1):
        name = f"RESPONSE-{number}"
        declarations += declare(
            blank["accepted"][:1],
            name=name,
            base_type="string",
            worth=[(each, 1.0) for each in blank["accepted"]],
            case_matters=bool(blank.get("case_matters")),
        )
        text = text.replace(f"[[{number}]]", text_entry(name), 1)
    return declarations, tag("div", text, **{"class": TEXT}), ""


def numeric(draft: Draft) -> Written:
    data = draft.data
    variable = tag("variable", identifier="RESPONSE")
    if is_range(data):
        ends = [(n, data[k]) for n, k in (("gte", "minimum"), ("lte", "maximum")) if data.get(k)]
        value = middle_of(*(end for _name, end in ends))[0] if len(ends) == 2 else str(ends[0][1])
        tests = [
            tag(name, variable, tag("baseValue", str(end), baseType="float")) for name, end in ends
        ]
        test = tag("and", *tests)
    else:
        value = str(data["value"])
        tolerance = str(data.get("tolerance") or 0)
        test = tag(
            "equal",
            variable,
            tag("correct", identifier="RESPONSE"),
            toleranceMode="absolute",
            tolerance=f"{tolerance} {tolerance}",
        )
    one = tag("setOutcomeValue", tag("baseValue", "1", baseType="float"), identifier="SCORE")
    processing = tag("responseProcessing", tag("responseCondition", tag("responseIf", test, one)))
    unit = tag("span", xml(data["unit"]), **{"class": UNIT}) if data.get("unit") else ""
    body = tag("p", text_entry("RESPONSE"), " ", unit)
    return declare([value], base_type="float"), body, processing


def written_reply(draft: Draft) -> Written:
    data = draft.data
    situation = from_plain(str(data.get("situation") or ""))
    model = from_plain(str(data.get("model_answer") or ""))
    body = tag("div", situation, **{"class": SITUATION}) if situation else ""
    body += tag("rubricBlock", model, view="scorer") if model else ""
    body += tag("extendedTextInteraction", responseIdentifier="RESPONSE")
    return declare([], base_type="string"), body, ""


def matching(draft: Draft) -> Written:
    pairs, distractors = draft.data["pairs"], draft.data.get("distractors") or []
    sources = [(f"source-{n}", each["source"]) for n, each in enumerate(pairs, 1)]
    targets = [(f"target-{n}", each["target"]) for n, each in enumerate(pairs, 1)]
    right = [f"{s} {t}" for (s, _one), (t, _other) in zip(sources, targets, strict=True)]
    targets += [(f"other-{n}", text) for n, text in enumerate(distractors, 1)]
    sets = "".join(
        tag(
            "simpleMatchSet",
            *(
                tag("simpleAssociableChoice", xml(text), identifier=name, matchMax="1")
                for name, text in side
            ),
        )
        for side in (sources, targets)
    )
    body = tag(
        "matchInteraction",
        sets,
        responseIdentifier="RESPONSE",
        shuffle="true",
        maxAssociations=str(len(sources)),
    )
    worth = [(pair, 1 / len(right)) for pair in right]
    declared = declare(right, cardinality="multiple", base_type="directedPair", worth=worth)
    return declared, body, by_template("map_response")


def sequencing(draft: Draft) -> Written:
    steps = draft.data["steps"]
    names = [f"step-{number}" for number in range(1, len(steps) + 1)]
    choices = "".join(
        simple_choice(n, each["text"], each.get("feedback"))
        for n, each in zip(names, steps, strict=True)
    )
    body = tag("orderInteraction", choices, responseIdentifier="RESPONSE", shuffle="true")
    return declare(names, cardinality="ordered"), body, by_template("match_correct")


WRITERS: dict[str, Callable[[Draft], Written]] = {
    "true_false": true_false,
    "choice": choice,
    "fill_in": fill_in,
    "numeric": numeric,
    "matching": matching,
    "written_reply": written_reply,
    "sequencing": sequencing,
    "performance": performance,
    "likert": likert,
}
