"""Templates and their revisions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ID = ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
SOMEBODY = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=django.db.models.deletion.PROTECT)
CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0034_ask"),)
    operations = (
        migrations.CreateModel(
            "Template",
            [
                ID,
                ("workspace", models.ForeignKey("data.workspace", on_delete=CASCADE)),
                ("key", models.CharField(max_length=80)),
                ("name", models.CharField(max_length=200)),
                ("document", models.TextField()),
                ("version", models.IntegerField(default=1)),
                ("revision", models.IntegerField(null=True)),
                ("created_by", SOMEBODY),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            {"db_table": "template"},
        ),
        migrations.AddConstraint(
            "Template", models.UniqueConstraint(fields=("workspace", "key"), name="template_key_once")
        ),
        migrations.CreateModel(
            "TemplateRevision",
            [
                ID,
                ("template", models.ForeignKey("data.template", on_delete=CASCADE, related_name="revisions")),
                ("number", models.IntegerField()),
                ("document", models.TextField()),
                ("published_by", SOMEBODY),
                ("published_at", models.DateTimeField(auto_now_add=True)),
            ],
            {"db_table": "template_revision", "ordering": ("-number",)},
        ),
        migrations.AddConstraint(
            "TemplateRevision",
            models.UniqueConstraint(fields=("template", "number"), name="template_revision_once"),
        ),
    )
