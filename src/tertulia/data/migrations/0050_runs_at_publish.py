"""What becomes of those who are in a journey when it is published anew (V1)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0049_event_seen"),)
    operations = (
        migrations.AddField(
            "journeyround", "runs", models.CharField(blank=True, max_length=8, default="", db_default="")
        ),
    )
