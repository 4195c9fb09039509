"""Files that go with messages."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0045_split_weights"),)
    operations = (
        migrations.CreateModel(
            "StoredFile",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("form", models.CharField(max_length=12)),
                ("content_type", models.CharField(max_length=40)),
                ("size", models.IntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey("data.user", null=True, on_delete=django.db.models.deletion.PROTECT),
                ),
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
            ],
            {"db_table": "stored_file"},
        ),
        migrations.AddConstraint(
            "StoredFile", models.UniqueConstraint(fields=("workspace", "sha256"), name="stored_file_once")
        ),
    )
