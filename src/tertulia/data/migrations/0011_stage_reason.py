"""What a staged row's file says about it, in SQL (data/sql/0011_stage_reason.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0011_stage_reason.sql").read_text(encoding="utf-8")
UNDO = "alter table import_stage drop column reason, reset (fillfactor)"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0010_updates_in_place"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, UNDO),)
