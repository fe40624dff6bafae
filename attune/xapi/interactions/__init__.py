"""The ten interaction types of xAPI: their definitions and how responses are written.

Pure: plain values in, text out, and back. Grammar: xAPI 1.0.3 Data, section 2.4.4.1 and
appendix C (response patterns). The *array* of correct response patterns means "any of
these"; ``[,]`` inside a pattern means "all of these". A question without a right answer
(a survey) has no patterns at all.

Every encoder raises :class:`ValueError` on what the grammar cannot carry, every decoder on
what it would never have written. For each type ``decode(encode(x)) == x``.
"""

from attune.xapi.interactions.choosing import (
    decode_choice,
    decode_likert,
    decode_matching,
    decode_sequencing,
    decode_true_false,
    encode_choice,
    encode_likert,
    encode_matching,
    encode_sequencing,
    encode_true_false,
)
from attune.xapi.interactions.definition import (
    Component,
    Interaction,
)
from attune.xapi.interactions.fitting import (
    check_text,
    definition_problems,
)
from attune.xapi.interactions.judging import (
    is_right,
)
from attune.xapi.interactions.kinds import (
    COMMA,
    COMPONENT_LISTS,
    DOT,
    RANGE,
    InteractionType,
    id_problem,
)
from attune.xapi.interactions.numeric import (
    Number,
    decode_number,
    decode_numeric,
    encode_number,
    encode_numeric,
)
from attune.xapi.interactions.wording import (
    FillIn,
    Performance,
    Text,
    decode_fill_in,
    decode_long_fill_in,
    decode_other,
    decode_performance,
    encode_fill_in,
    encode_long_fill_in,
    encode_other,
    encode_performance,
    plain_text,
)

__all__ = [
    "COMMA",
    "COMPONENT_LISTS",
    "DOT",
    "RANGE",
    "Component",
    "FillIn",
    "Interaction",
    "InteractionType",
    "Number",
    "Performance",
    "Text",
    "check_text",
    "decode_choice",
    "decode_fill_in",
    "decode_likert",
    "decode_long_fill_in",
    "decode_matching",
    "decode_number",
    "decode_numeric",
    "decode_other",
    "decode_performance",
    "decode_sequencing",
    "decode_true_false",
    "definition_problems",
    "encode_choice",
    "encode_fill_in",
    "encode_likert",
    "encode_long_fill_in",
    "encode_matching",
    "encode_number",
    "encode_numeric",
    "encode_other",
    "encode_performance",
    "encode_sequencing",
    "encode_true_false",
    "id_problem",
    "is_right",
    "plain_text",
]
