"""Remembered nonces of webhooks, in SQL (data/sql/0012_hook_nonce.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0012_hook_nonce.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0011_stage_reason"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table hook_nonce"),)
