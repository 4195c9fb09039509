"""An index for the engine's cycles, in SQL (data/sql/0005_match_contact_index.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0005_match_contact_index.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0004_import_stage"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop index match_contact_by_contact"),)
