"""The messages before the one that a goal is owed to (data/sql/0057_lost_credits.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0057_lost_credits.sql").read_text(encoding="utf-8")
DROP = "alter table goal drop column earlier_steps"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0056_catalogs"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
