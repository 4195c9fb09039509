"""Endpoints of a company's API, and the calls of journeys to them (data/sql/0032_calls.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0032_calls.sql").read_text(encoding="utf-8")
DROP = """
drop table call_open, call_log;
drop sequence call_log_serial;
alter table run_open drop column results;
alter table run drop column results
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0029_rounds"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.CreateModel(
            "Endpoint",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
                ("key", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=200)),
                ("base_url", models.CharField(max_length=1000)),
                ("methods", models.JSONField(default=list)),
                ("headers", models.JSONField(default=dict)),
                ("secrets", models.BinaryField(default=b"")),
                ("timeout_s", models.IntegerField(default=10)),
                ("idempotent", models.BooleanField(default=False)),
                ("status_path", models.TextField(blank=True, default="")),
                ("status_done", models.TextField(blank=True, default="")),
                ("status_failed", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            {"db_table": "endpoint"},
        ),
        migrations.AddConstraint(
            "Endpoint", models.UniqueConstraint(fields=("workspace", "key"), name="endpoint_key_once")
        ),
    )
