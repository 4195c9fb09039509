"""Webhooks as sources of events: what a source is and how it proves itself, and samples in SQL
(data/sql/0023_source_hooks.sql)."""

from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0023_source_hooks.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0022_past_events"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table hook_sample"),
        migrations.AddField("source", "kind", models.CharField(db_default="sdk", default="sdk", max_length=20)),
        migrations.AddField("source", "secret", models.BinaryField(db_default=b"", default=b"")),
        migrations.AddField(
            "source", "signing", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)
        ),
        migrations.AddField("source", "mapping", models.TextField(blank=True, db_default="", default="")),
    )
