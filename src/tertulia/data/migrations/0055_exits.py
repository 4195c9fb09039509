"""Exit conditions that time makes hold (data/sql/0055_exits.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0055_exits.sql").read_text(encoding="utf-8")
DROP = "alter table run_open drop column exit_at"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0054_goal_messages"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
