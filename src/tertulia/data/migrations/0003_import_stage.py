"""The rows of an import between its check and its apply, in SQL (data/sql/0003_import_stage.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0003_import_stage.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible: the table holds nothing that its file does not."""

    dependencies = (("data", "0002_contacts"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table import_stage"),)
