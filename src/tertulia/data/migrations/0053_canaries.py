"""Canaries of journeys."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0052_guards"),)
    operations = (
        migrations.AddField(
            "journey", "canary", models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
        ),
    )
