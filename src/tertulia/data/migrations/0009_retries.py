"""What a retry of parked entries and unread calls needs, in SQL (data/sql/0009_retries.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0009_retries.sql").read_text(encoding="utf-8")
BACK = """drop index webhook_unread;
alter table webhook drop column tried_at;
alter table parked drop column key;"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0008_log_payload"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
