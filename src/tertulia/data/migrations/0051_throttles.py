"""Throttles (data/sql/0051_throttles.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0051_throttles.sql").read_text(encoding="utf-8")
DROP = "drop table throttle_line"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0050_runs_at_publish"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
