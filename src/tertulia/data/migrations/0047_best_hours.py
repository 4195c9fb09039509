"""When contacts open, click and write (data/sql/0047_best_hours.sql)."""

from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0047_best_hours.sql").read_text(encoding="utf-8")
DROP = "drop table contact_moments"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0046_files"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.AddField(
            "workspace",
            "typical_hours",
            models.JSONField(default=list, db_default=models.Value([], models.JSONField())),
        ),
        migrations.AddField("workspace", "typical_day", models.DateField(null=True)),
    )
