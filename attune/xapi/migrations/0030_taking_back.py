import json
from uuid import UUID

from django.db import migrations, models

VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def remember_what_is_taken_back(apps, schema_editor):
    record = apps.get_model("attune_xapi", "StatementRecord")
    rows = record.objects.filter(verb=VOIDED, voids=None).only("pk", "body").order_by("pk")
    changed = []
    for row in rows.iterator(chunk_size=1000):
        row.voids = UUID(json.loads(row.body)["object"]["id"])
        changed.append(row)
        if len(changed) == 1000:
            record.objects.bulk_update(changed, ["voids"])
            changed = []
    record.objects.bulk_update(changed, ["voids"])


class Migration(migrations.Migration):

    dependencies = [
        ('attune_xapi', '0002_operating'),
    ]

    operations = [
        migrations.AddField(
            model_name='replay',
            name='only_missing',
            field=models.BooleanField(db_default=False, default=False, help_text='What was delivered there already is not sent again.', verbose_name='only what never went there'),
        ),
        migrations.AddField(
            model_name='statementrecord',
            name='voids',
            field=models.UUIDField(blank=True, null=True, verbose_name='takes back'),
        ),
        migrations.RunPython(remember_what_is_taken_back, migrations.RunPython.noop, elidable=True),
    ]
