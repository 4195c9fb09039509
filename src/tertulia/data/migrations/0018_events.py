"""Sources of events, and the events, in SQL (data/sql/0018_events.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0018_events.sql").read_text(encoding="utf-8")
DROP = (
    "drop table event, event_tally, event_property, event_discard, contact_group, group_member;"
    "drop index merge_by_absorbed, merge_by_root, merge_undone"
)


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0017_quiet_stage"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.CreateModel(
            "Source",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
                ("name", models.CharField(max_length=200)),
                ("write_key", models.CharField(max_length=64, unique=True)),
                ("client_side", models.BooleanField(default=False)),
                ("state", models.CharField(default="live", max_length=12)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            {"db_table": "source"},
        ),
    )
