from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('attune_xapi', '0010_what_a_voiding_takes_back'),
    ]

    operations = [
        migrations.AddField(
            model_name='replay',
            name='only_missing',
            field=models.BooleanField(db_default=False, default=False, help_text='What was delivered there already is not sent again.', verbose_name='only what never went there'),
        ),
    ]
