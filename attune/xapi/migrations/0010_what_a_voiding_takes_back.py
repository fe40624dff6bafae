"""What a voiding statement takes back stands in a column, so that lanes can follow it."""

import json

from django.db import migrations, models


def fill(apps, schema_editor):
    records = apps.get_model("attune_xapi", "StatementRecord").objects
    voiding = records.filter(verb="http://adlnet.gov/expapi/verbs/voided", voids=None)
    for key, body in voiding.exclude(body="").values_list("pk", "body").iterator():
        records.filter(pk=key).update(voids=json.loads(body)["object"]["id"])


class Migration(migrations.Migration):
    dependencies = [("attune_xapi", "0002_operating")]

    operations = [
        migrations.AddField(
            model_name="statementrecord",
            name="voids",
            field=models.UUIDField(blank=True, null=True, verbose_name="takes back"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
