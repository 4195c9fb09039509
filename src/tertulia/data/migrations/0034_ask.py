"""Questions of journeys, and conversations that wait for people, in SQL (data/sql/0034_ask.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0034_ask.sql").read_text(encoding="utf-8")
BACK = """
drop index conversation_handed_over;
alter table conversation drop column handed_at, drop column hand_over;
alter table run drop column answers;
alter table run_open drop column answers, drop column question;
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0032_calls"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
