"""The weights that bandits set."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0044_otp"),)
    operations = (
        migrations.CreateModel(
            "SplitWeights",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journey", models.ForeignKey("data.journey", on_delete=django.db.models.deletion.CASCADE)),
                ("step", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                ("weights", models.JSONField()),
                ("counts", models.JSONField()),
            ],
            {"db_table": "split_weights"},
        ),
        migrations.AddConstraint(
            "SplitWeights", models.UniqueConstraint(fields=("journey", "step", "at"), name="split_weights_once")
        ),
    )
