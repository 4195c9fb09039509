"""The share of a workspace's customers who get no marketing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0039_broadcasts"),)
    operations = (
        migrations.AddField(
            "workspace", "hold_out", models.CharField(blank=True, max_length=8, default="", db_default="")
        ),
    )
