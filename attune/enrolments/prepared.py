"""A query that is put together once and asked many times.

Django builds a query's SQL anew each time it is asked, which for a query with several
subqueries costs more than asking it. The gate asks one on every learner page.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

from django.db import connections, models

Row = TypeVar("Row", bound=models.Model)


class Prepared(Generic[Row]):
    """SQL of a queryset, with places for the values that change.

    ``build`` is called once for each kind of database, with a stand-in for each of
    ``fields``; what it returns may use each of them as often as it likes, and must not
    depend on anything else that changes. Annotations become attributes of the rows as the
    database writes them (a truth value may be 0 or 1); ``select_related`` is not carried.
    """

    def __init__(
        self,
        build: Callable[..., models.QuerySet[Row]],
        **fields: tuple[models.Field[Any, Any], Any],
    ) -> None:
        self.build = build
        self.fields = {name: field for name, (field, _stand_in) in fields.items()}
        self.stand_ins = {name: stand_in for name, (_field, stand_in) in fields.items()}
        self._known: dict[str, tuple[type[Row], str, list[Any]]] = {}
        self._lock = Lock()

    def rows(self, *, using: str = "default", **values: Any) -> list[Row]:
        """The rows for these values. One query.

        :raises KeyError: a value is missing.
        """
        model, sql, parameters = self._known.get(using) or self._prepare(using)
        connection = connections[using]
        given = {
            name: field.get_db_prep_value(values[name], connection)
            for name, field in self.fields.items()
        }
        # A place is marked by its name in a wrapper of our own, which no real value is.
        bound = [given[each.name] if isinstance(each, _Place) else each for each in parameters]
        return list(model._default_manager.using(using).raw(sql, bound))

    def _prepare(self, using: str) -> tuple[type[Row], str, list[Any]]:
        with self._lock:
            if using not in self._known:
                connection = connections[using]
                queryset = self.build(**self.stand_ins).using(using)
                sql, parameters = queryset.query.get_compiler(using).as_sql()
                places = {
                    field.get_db_prep_value(self.stand_ins[name], connection): _Place(name)
                    for name, field in self.fields.items()
                }
                marked = [places.get(each, each) for each in parameters]
                missing = self.fields.keys() - {m.name for m in marked if isinstance(m, _Place)}
                if missing:
                    raise ValueError(f"The query does not ask for {', '.join(sorted(missing))}.")
                self._known[using] = (queryset.model, sql, marked)
            return self._known[using]


class _Place:
    def __init__(self, name: str) -> None:
        self.name = name
