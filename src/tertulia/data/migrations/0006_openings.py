"""An index for the openings that are not clicks, in SQL (data/sql/0006_openings.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0006_openings.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0005_match_contact_index"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop index click_apart"),)
