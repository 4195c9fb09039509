"""More ways into a journey, in SQL (data/sql/0026_entries.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0026_entries.sql").read_text(encoding="utf-8")
DROP = "drop table message_watch, entry_count, goal_open, goal, assignment"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0025_caps"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
