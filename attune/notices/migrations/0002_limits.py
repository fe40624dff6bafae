"""The four kinds of trouble with the limits that hold until somebody changes them."""

from django.db import migrations

LIMITS = (("paused", 2), ("waiting", 15), ("quarantine", 0), ("sweep", 5))


def begin(apps, schema_editor):
    rule = apps.get_model("attune_notices", "AlertRule")
    for trouble, minutes in LIMITS:
        rule.objects.get_or_create(trouble=trouble, defaults={"minutes": minutes})


class Migration(migrations.Migration):
    dependencies = [("attune_notices", "0001_initial")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
