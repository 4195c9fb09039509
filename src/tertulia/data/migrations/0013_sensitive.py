"""Sensitive attributes of a workspace, and the neutral text of a match (M6)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0012_hook_nonce"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s'", migrations.RunSQL.noop),
        migrations.AddField(
            "workspace",
            "sensitive_attributes",
            models.JSONField(default=list, db_default=models.Value([], models.JSONField())),
        ),
        migrations.AddField("match", "neutral", models.TextField(blank=True, db_default="")),
    )
