"""What import-linter cannot see: keys and migrations that point up, a package on no floor,
a door into ``attune.xapi`` that is none.

The floors are read from import-linter's contract in pyproject.toml, so that they are
written down once. Each rule is a function on plain values, and each is shown a made-up
house with the fault that it must find.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import SwappableTuple

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]

Link = tuple[str, str, str]  # from package, to package, what it is


def contract(beginning: str) -> dict[str, list[str]]:
    return next(one for one in CONTRACTS if one["name"].startswith(beginning))


def read_floors(layers: list[str]) -> dict[str, int]:
    """Package → floor, counted from the cellar; the packages of one floor share a number."""
    return {
        package.strip(" ()"): number
        for number, layer in enumerate(reversed(layers))
        for package in re.split(r"[|:]", layer)
    }


FLOORS = read_floors(contract("The floors: a package")["layers"])


def upward(links: Iterable[Link], floors: dict[str, int]) -> list[str]:
    """The links that do not lead to the same package or to a floor below."""
    return [
        f"{what}: {source} → {target}"
        for source, target, what in links
        if source != target and floors[target] >= floors[source]
    ]


# --- The floors ------------------------------------------------------------------------

MADE_UP = read_floors(["roof", "left | right", "(cellar)"])


def test_the_floors_are_read_as_they_are_written() -> None:
    assert MADE_UP == {"roof": 2, "left": 1, "right": 1, "cellar": 0}


def test_every_package_stands_on_a_floor() -> None:
    packages = {path.parent.name for path in (ROOT / "attune").glob("*/__init__.py")}
    assert packages - FLOORS.keys() == set()


def test_every_app_is_labelled_after_its_package() -> None:
    wrong = [
        config.label
        for config in apps.get_app_configs()
        if config.name.startswith("attune.")
        and config.label != f"attune_{config.name.removeprefix('attune.')}"
    ]
    assert wrong == []


# --- Keys and migrations -----------------------------------------------------------------


def package_of(label: str) -> str | None:
    package = label.removeprefix("attune_")
    return package if package != label and package in FLOORS else None


def relations() -> Iterator[tuple[type[models.Model], models.Field, type[models.Model]]]:
    for model in apps.get_models(include_auto_created=True):
        if package_of(model._meta.app_label) is None:
            continue
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            if field.is_relation and isinstance(field.related_model, type):
                yield model, field, field.related_model


def foreign_keys() -> Iterator[Link]:
    user = get_user_model()
    for model, field, target in relations():
        source, goal = package_of(model._meta.app_label), package_of(target._meta.app_label)
        # A key to the user model is free: Django's own inversion lets a host swap it.
        if source and goal and target is not user:
            yield source, goal, f"{model.__name__}.{field.name}"


def migration_dependencies() -> Iterator[Link]:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    for (label, name), migration in loader.disk_migrations.items():
        source = package_of(label)
        for dependency in (*migration.dependencies, *migration.run_before):
            goal = package_of(dependency[0])
            if source and goal and not isinstance(dependency, SwappableTuple):
                yield source, goal, f"migration {name}"


def test_a_key_or_migration_that_points_up_or_sideways_is_found() -> None:
    links = [
        ("roof", "cellar", "good"),
        ("left", "left", "good"),
        ("cellar", "roof", "bad"),
        ("left", "right", "bad"),
    ]
    assert upward(links, MADE_UP) == ["bad: cellar → roof", "bad: left → right"]


def test_foreign_keys_point_down() -> None:
    links = list(foreign_keys())
    assert links, "no key was looked at"
    assert upward(links, FLOORS) == []


@pytest.mark.django_db  # wagtail-localize's first migration asks the database when imported
def test_migrations_depend_downwards() -> None:
    links = list(migration_dependencies())
    assert links, "no migration was looked at"
    assert upward(links, FLOORS) == []


def test_learning_records_never_know_the_user_model() -> None:
    user = get_user_model()
    keys = [
        f"{model.__name__}.{field.name}"
        for model, field, target in relations()
        if target is user and package_of(model._meta.app_label) == "xapi"
    ]
    assert keys == []
    assert any(target is user for _, _, target in relations()), "the check sees no key at all"


# --- The doors of attune.xapi ----------------------------------------------------------------

DOORS = {
    *("outbox", "statements", "verbs", "interactions", "extensions", "health", "profile"),
    *("quarantine", "operating", "trail", "replays", "erasure"),
}


def test_every_module_of_the_records_is_a_door_or_protected() -> None:
    protected = contract("Other packages enter attune.xapi")["protected_modules"]
    inner = {name.removeprefix("attune.xapi.") for name in protected}
    modules = {
        path.stem
        for path in (ROOT / "attune" / "xapi").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__", "migrations"}
    assert modules - inner == DOORS
