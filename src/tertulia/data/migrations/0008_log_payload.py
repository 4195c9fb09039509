"""The log's payload as text, in SQL (data/sql/0008_log_payload.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0008_log_payload.sql").read_text(encoding="utf-8")
BACK = "alter table log alter column payload type jsonb using payload::jsonb"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0007_look_up"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
