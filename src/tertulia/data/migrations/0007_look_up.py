"""Questions to providers about lost messages, in SQL (data/sql/0007_look_up.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0007_look_up.sql").read_text(encoding="utf-8")
UNDO = """
drop index delivery_open_ask;
alter table delivery_open drop column asked, drop column ask_at, drop column handed_at;
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0006_openings"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, UNDO),)
