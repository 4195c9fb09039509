"""The order of decisions of one instant (data/sql/0058_ledger_order.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0058_ledger_order.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0057_lost_credits"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "alter table ledger drop column place"),)
