"""The import's stage is left alone by autovacuum while it fills, in SQL (data/sql/0017_quiet_stage.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0017_quiet_stage.sql").read_text(encoding="utf-8")
BACK = "alter table import_stage reset (autovacuum_analyze_threshold, autovacuum_vacuum_insert_threshold)"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0016_references_by_age"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
