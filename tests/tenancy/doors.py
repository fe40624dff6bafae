"""Every address that the resolver knows, and how to knock at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver, reverse
from django.utils import translation

POSITIONAL = ("positional",)
"""The parameters of a pattern whose groups have no names."""


@dataclass(frozen=True)
class Door:
    """One URL pattern. ``name`` is the namespaced name, or the route of one that has none."""

    name: str
    route: str
    parameters: tuple[str, ...]
    is_named: bool

    def address(self, arguments: Mapping[str, Any]) -> str:
        path = self._path(arguments)
        return f"{path}?{arguments['query']}" if "query" in arguments else path

    def _path(self, arguments: Mapping[str, Any]) -> str:
        values = {name: arguments[name] for name in self.parameters}
        if not self.is_named:
            return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str(values[m[1]]), self.route)
        with translation.override(arguments.get("language", "en")):
            if self.parameters == POSITIONAL:
                return reverse(self.name, args=arguments["positional"])
            return reverse(self.name, kwargs=values)


def doors() -> list[Door]:
    return list(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, prefix: str, namespaces: tuple[str, ...]) -> Iterator[Door]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from _walk(entry, route, inner)
            continue
        regex = entry.pattern.regex
        parameters = tuple(getattr(entry.pattern, "converters", {})) or tuple(regex.groupindex)
        if regex.groups and not parameters:
            parameters = POSITIONAL
        yield Door(
            name=":".join((*namespaces, entry.name)) if entry.name else route,
            route=route,
            parameters=parameters,
            is_named=bool(entry.name),
        )
