"""Keys of events apart from those of other entries (data/sql/0049_event_seen.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0049_event_seen.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0048_budgets"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table event_seen"),)
