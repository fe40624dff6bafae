from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Our own project as an app, so that its ``demo`` command is found."""

    name = "config"
    label = "attune_config"
