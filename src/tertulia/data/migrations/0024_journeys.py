"""Journeys and their runs, in SQL (data/sql/0024_journeys.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0024_journeys.sql").read_text(encoding="utf-8")
DROP = """
drop table run_open, run, passage, step_tally;
alter table delivery_open drop column journey_id, drop column run_id, drop column step;
alter table delivery drop column journey_id, drop column run_id, drop column step;
alter table ledger drop column journey_id, drop column run_id, drop column step
"""
ID = ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
SOMEBODY = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=django.db.models.deletion.PROTECT)


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0023_source_hooks"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.CreateModel(
            "Journey",
            [
                ID,
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
                ("key", models.CharField(max_length=80)),
                ("name", models.CharField(max_length=200)),
                ("state", models.CharField(default="draft", max_length=12)),
                ("document", models.TextField()),
                ("version", models.IntegerField(default=1)),
                ("revision", models.IntegerField(null=True)),
                ("paused_at", models.DateTimeField(null=True)),
                ("shift_s", models.BigIntegerField(null=True)),
                ("created_by", SOMEBODY),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            {"db_table": "journey"},
        ),
        migrations.AddConstraint(
            "Journey", models.UniqueConstraint(fields=("workspace", "key"), name="journey_key_once")
        ),
        migrations.CreateModel(
            "JourneyRevision",
            [
                ID,
                (
                    "journey",
                    models.ForeignKey(
                        "data.journey", on_delete=django.db.models.deletion.CASCADE, related_name="revisions"
                    ),
                ),
                ("number", models.IntegerField()),
                ("document", models.TextField()),
                ("published_by", SOMEBODY),
                ("published_at", models.DateTimeField(auto_now_add=True)),
            ],
            {"db_table": "journey_revision", "ordering": ("-number",)},
        ),
        migrations.AddConstraint(
            "JourneyRevision", models.UniqueConstraint(fields=("journey", "number"), name="journey_revision_once")
        ),
    )
