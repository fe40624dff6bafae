"""A real browser for the journeys: every test here drives Chromium against a live server.

The fixtures watch what people cannot see: a request to another host, a script error or a
breach of the content policy fails the journey that caused it. Chromium's path comes from
``ATTUNE_CHROMIUM`` (``make test`` finds or installs one), axe-core's from ``ATTUNE_AXE``.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.delivery import conftest as delivery
from tests.validator import test_validator as validator

HERE = Path(__file__).parent

# The real record store and the independent validator are other folders' fixtures.
lrs_python = delivery.lrs_python
shared_ralph = delivery.shared_ralph
node = validator.node
ARTIFACTS = HERE.parent.parent / "test-artifacts"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# Each theme and each width once in the usual run, each with each in ``make test-all``.
LOOKS = [
    pytest.param(WIDE, "light", id="wide-light"),
    pytest.param(NARROW, "dark", id="narrow-dark"),
    pytest.param(WIDE, "dark", id="wide-dark", marks=pytest.mark.slow),
    pytest.param(NARROW, "light", id="narrow-light", marks=pytest.mark.slow),
]
# A browser of its own that asks nobody for updates, lists or suggestions.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a journey and needs the rows that migrations made.

    Without the serialized rollback Wagtail's root page is gone after the first test.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True))


@pytest.fixture(scope="package")
def browser(django_db_setup: None) -> Iterator[Browser]:
    # Playwright's loop runs in this thread, where the tests also use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=15_000)  # as patient as a person on a busy machine
    serialized = {
        alias: contents
        for alias in connections
        if (contents := getattr(connections[alias], "_test_serialized_contents", None))
    }
    with sync_playwright() as playwright:
        # Inside a running loop Django makes its connections anew. These would know nothing of
        # the rows that migrations made, and no later test would get Wagtail's root page back.
        for alias, contents in serialized.items():
            connections[alias]._test_serialized_contents = contents  # type: ignore[attr-defined]
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("ATTUNE_CHROMIUM") or None, args=QUIET
        )
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong in one browser context without the person noticing."""

    host: str
    faults: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._request(request.url))
        context.on("weberror", lambda error: self.faults.append(f"script error: {error.error}"))
        context.on("console", lambda message: self._console(message.text))

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self.host:
            self.faults.append(f"request to another host: {url}")

    def _console(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.faults.append(f"breach of the content policy: {text}")


@pytest.fixture
def open_page(
    browser: Browser, live_server: Any, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser context of its own: one call per person in the journey.

    ``open_page(theme="dark", viewport=NARROW, time_zone="Asia/Manila")``; relative
    addresses are the live server's. A picture of every page of a failed journey is kept.
    """
    contexts: list[tuple[BrowserContext, Watch]] = []

    def open_one(
        *,
        theme: str = "light",
        viewport: dict[str, int] | None = None,
        time_zone: str = "UTC",
        locale: str = "en-GB",
        javascript: bool = True,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            color_scheme=theme,  # type: ignore[arg-type]
            viewport=viewport or WIDE,  # type: ignore[arg-type]
            timezone_id=time_zone,
            locale=locale,
            java_script_enabled=javascript,
        )
        context.set_default_timeout(20_000)
        watch = Watch(host=urlsplit(live_server.url).netloc)
        watch.attach(context)
        contexts.append((context, watch))
        return context.new_page()

    yield open_one

    failed = getattr(request.node, "journey_failed", False)
    faults = []
    for number, (context, watch) in enumerate(contexts):
        if failed:
            ARTIFACTS.mkdir(exist_ok=True)
            for page in context.pages:
                page.screenshot(path=ARTIFACTS / f"{request.node.name}-{number}.png")
        faults += watch.faults
        context.close()
    assert not faults, "\n".join(faults)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call":
        item.journey_failed = report.failed  # type: ignore[attr-defined]


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Ask axe-core about a page: the serious and critical findings, one line each.

    The script is evaluated, not added as a tag: the pages' own content policy stays on.
    """
    path = os.environ.get("ATTUNE_AXE")
    if not path:
        pytest.skip("axe-core is not installed: make test fetches it from npm")
    source = Path(path).read_text()

    def ask(page: Page) -> list[str]:
        page.evaluate(source)
        violations = page.evaluate(
            "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        )
        return [
            f"{found['impact']} {found['id']}: {node['target']} {node.get('failureSummary', '')}"
            for found in violations
            if found["impact"] in {"serious", "critical"}
            for node in found["nodes"]
        ]

    return ask
