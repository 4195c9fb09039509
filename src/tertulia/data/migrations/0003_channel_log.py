"""The channel log, in SQL (data/sql/0003_channel_log.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0003_channel_log.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Irreversible: before the first release the way back is the backup."""

    dependencies = (("data", "0002_contacts"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL),)
