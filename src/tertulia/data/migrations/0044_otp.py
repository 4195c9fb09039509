"""One-time codes, how many may be asked for, and in which countries (data/sql/0044_otp.sql)."""

from pathlib import Path

from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0044_otp.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0043_experiments"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table otp, otp_rate"),
        migrations.AddField(
            "Workspace",
            "otp_countries",
            models.JSONField(default=list, db_default=models.Value([], models.JSONField())),
        ),
    )
