"""Quiet hours of a workspace, its frequency caps, and the slots that they count (data/sql/0025_caps.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0025_caps.sql").read_text(encoding="utf-8")
DROP = """
drop table slot;
alter table delivery_open drop column held_by;
alter table run_open drop column withheld
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0024_journeys"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.AddField(
            "workspace", "send_window", models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
        ),
        migrations.CreateModel(
            "Cap",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
                ("name", models.CharField(max_length=100)),
                ("document", models.JSONField()),
                ("window_s", models.BigIntegerField()),
            ],
            {"db_table": "cap"},
        ),
        migrations.AddConstraint("Cap", models.UniqueConstraint(fields=("workspace", "name"), name="cap_name_once")),
    )
