"""Prometheus' text format 0.0.4, written exactly. Pure.

Source: prometheus.io/docs/instrumenting/exposition_formats, "Text format details".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")
_TYPES = ("gauge", "counter")

Sample = tuple[Mapping[str, str], float]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples. Durations are in seconds.

    :raises ValueError: a name or a type that the format has no place for.
    """

    name: str
    type: str
    help: str
    samples: Sequence[Sample]

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or self.type not in _TYPES:
            raise ValueError(f"{self.type} {self.name!r} is no metric")
        for labels, _value in self.samples:
            if not all(_LABEL.match(label) for label in labels):
                raise ValueError(f"{sorted(labels)} are no labels")


def render(families: Iterable[Family]) -> str:
    """The whole text. A family without samples is left out."""
    lines = []
    for family in families:
        if not family.samples:
            continue
        lines.append(f"# HELP {family.name} {_escaped(family.help, quotes=False)}")
        lines.append(f"# TYPE {family.name} {family.type}")
        lines += [f"{family.name}{_labels(labels)} {_number(v)}" for labels, v in family.samples]
    return "\n".join(lines) + "\n" if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    return f"{{{inner}}}"


def _escaped(text: str, *, quotes: bool = True) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quotes else text


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
