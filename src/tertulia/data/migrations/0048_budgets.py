"""Budgets, and the totals that owners share (data/sql/0048_budgets.sql)."""

from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0048_budgets.sql").read_text(encoding="utf-8")
DROP = "drop table allowance, allowance_part"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0047_best_hours"),)
    operations = (
        migrations.AddField(
            "workspace", "budget", models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
        ),
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
    )
