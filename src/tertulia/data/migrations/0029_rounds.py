"""Rounds of journeys, and the shards that are done (data/sql/0029_rounds.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0029_rounds.sql").read_text(encoding="utf-8")
DROP = "drop table round_shard"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0028_segments"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.AlterField("journeyrevision", "published_at", models.DateTimeField()),
        migrations.CreateModel(
            "JourneyRound",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "journey",
                    models.ForeignKey(
                        "data.journey", on_delete=django.db.models.deletion.CASCADE, related_name="rounds"
                    ),
                ),
                ("day", models.DateField()),
                ("due_at", models.DateTimeField()),
                ("state", models.CharField(max_length=12, default="running")),
            ],
            {"db_table": "journey_round", "ordering": ("-due_at",)},
        ),
        migrations.AddConstraint(
            "JourneyRound", models.UniqueConstraint(fields=("journey", "due_at"), name="journey_round_once")
        ),
    )
