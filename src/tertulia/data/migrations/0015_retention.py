"""Indexes by age, for what is forgotten in time, in SQL (data/sql/0015_retention.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0015_retention.sql").read_text(encoding="utf-8")
BACK = """alter table log reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
drop index log_by_age, webhook_by_age, click_by_age;"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0014_merged_talks"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
