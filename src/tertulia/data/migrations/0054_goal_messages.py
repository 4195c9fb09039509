"""The messages before the last one of runs whose goal may be reached (data/sql/0054_goal_messages.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0054_goal_messages.sql").read_text(encoding="utf-8")
DROP = "alter table goal_open drop column earlier_steps, drop column earlier_at"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0053_canaries"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
