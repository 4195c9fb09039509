from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("data", "0058_ledger_order")]

    operations = [
        migrations.AddField("workspace", "event_hours", models.PositiveSmallIntegerField(default=72, db_default=72)),
    ]
