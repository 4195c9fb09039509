"""Indexes for the results of experiments (data/sql/0043_experiments.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0043_experiments.sql").read_text(encoding="utf-8")
DROP = "drop index assignment_by_experiment, goal_by_contact"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0042_message_links"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
