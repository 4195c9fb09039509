"""Guards of journeys."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0051_throttles"),)
    operations = (
        migrations.AddField(
            "journey", "guard", models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
        ),
        migrations.AddField("journey", "guarded_from", models.DateTimeField(null=True)),
    )
