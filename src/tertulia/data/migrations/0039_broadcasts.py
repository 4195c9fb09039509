"""Broadcasts are journeys of a kind of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0037_coupons"),)
    operations = (migrations.AddField("Journey", "kind", models.CharField(max_length=12, default="journey")),)
