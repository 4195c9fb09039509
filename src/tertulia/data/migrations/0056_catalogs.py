"""Catalogs and their items (data/sql/0056_catalogs.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0056_catalogs.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0055_exits"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, "drop table catalog_item"),
        migrations.CreateModel(
            "Catalog",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
                ("key", models.CharField(max_length=80)),
                ("name", models.CharField(max_length=200)),
            ],
            {"db_table": "catalog"},
        ),
        migrations.AddConstraint(
            "Catalog", models.UniqueConstraint(fields=("workspace", "key"), name="catalog_key_once")
        ),
    )
