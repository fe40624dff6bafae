from django.db import migrations, models


class Migration(migrations.Migration):

    # Apart from 0010: PostgreSQL makes no index in a transaction that has just written rows.
    dependencies = [
        ('attune_xapi', '0030_only_what_is_missing'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='statementrecord',
            index=models.Index(condition=models.Q(('voids__isnull', False)), fields=['voids'], name='attune_xapi_rec_voids'),
        ),
    ]
