from django.apps import AppConfig


class BareConfig(AppConfig):
    """What the lesson page is compared with: a page type that only shows its StreamField."""

    name = "benchmarks.bare"
    label = "benchmarks_bare"
