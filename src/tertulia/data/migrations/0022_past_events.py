"""Imports of past events: the events know where they came from (data/sql/0022_past_events.sql), a file for whose source
it is."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0022_past_events.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0021_sessions"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "alter table event drop column imported"),
        migrations.AddField(
            "import",
            "source",
            models.ForeignKey("data.source", null=True, on_delete=django.db.models.deletion.CASCADE),
        ),
    )
