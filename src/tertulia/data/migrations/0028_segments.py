"""Segments, their revisions and keys, and who is in them (data/sql/0028_segments.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0028_segments.sql").read_text(encoding="utf-8")
DROP = """
drop table activity, segment_member, segment_change, segment_shard;
drop index event_by_name;
drop index contact_merged
"""
ID = ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
WORKSPACE = ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE))


def person() -> models.ForeignKey:
    """Whoever did it."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=django.db.models.deletion.PROTECT)


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0026_entries"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.CreateModel(
            "Segment",
            [
                ID,
                WORKSPACE,
                ("key", models.CharField(max_length=80)),
                ("name", models.CharField(max_length=200)),
                ("state", models.CharField(max_length=12, default="draft")),
                ("document", models.TextField()),
                ("version", models.IntegerField(default=1)),
                ("revision", models.IntegerField(default=0)),
                ("turn", models.IntegerField(default=0)),
                ("cause", models.CharField(max_length=12, default="definition")),
                ("created_by", person()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            {"db_table": "segment"},
        ),
        migrations.AddConstraint(
            "Segment", models.UniqueConstraint(fields=("workspace", "key"), name="segment_key_once")
        ),
        migrations.CreateModel(
            "SegmentRevision",
            [
                ID,
                (
                    "segment",
                    models.ForeignKey(
                        "data.segment", on_delete=django.db.models.deletion.CASCADE, related_name="revisions"
                    ),
                ),
                ("number", models.IntegerField()),
                ("document", models.TextField()),
                ("published_by", person()),
                ("published_at", models.DateTimeField()),
            ],
            {"db_table": "segment_revision", "ordering": ("-number",)},
        ),
        migrations.AddConstraint(
            "SegmentRevision",
            models.UniqueConstraint(fields=("segment", "number"), name="segment_revision_once"),
        ),
        migrations.CreateModel(
            "SegmentKey",
            [
                ID,
                WORKSPACE,
                ("type", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("where", models.TextField()),
                ("sum", models.CharField(max_length=200)),
                ("hourly", models.BooleanField()),
            ],
            {"db_table": "segment_key"},
        ),
        migrations.AddConstraint(
            "SegmentKey",
            models.UniqueConstraint(
                fields=("workspace", "type", "name", "where", "sum", "hourly"), name="segment_key_counted_once"
            ),
        ),
    )
