"""An index by age for providers' ids, in SQL (data/sql/0016_references_by_age.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0016_references_by_age.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0015_retention"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop index provider_ref_by_age"),)
