"""The rows of an import between its check and its apply, in SQL (data/sql/0004_import_stage.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0004_import_stage.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible: the table holds nothing that its file does not."""

    dependencies = (("data", "0003_channel_log"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table import_stage"),)
