"""Where a merged conversation goes on, in SQL (data/sql/0014_merged_talks.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0014_merged_talks.sql").read_text(encoding="utf-8")
BACK = "alter table conversation drop column into_id, drop column merge_id"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0013_sensitive"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
