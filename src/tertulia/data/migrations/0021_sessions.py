"""Running sessions, in SQL (data/sql/0021_sessions.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0021_sessions.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0018_events"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table session"),)
