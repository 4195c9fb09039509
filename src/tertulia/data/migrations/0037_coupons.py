"""Pools of coupon codes, the codes, and who has which (data/sql/0037_coupons.sql)."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent.parent / "sql" / "0037_coupons.sql").read_text(encoding="utf-8")
DROP = "drop table coupon_code, coupon_claim"


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0036_templates"),)
    operations = (
        migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),
        migrations.CreateModel(
            "CouponPool",
            [
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workspace", models.ForeignKey("data.workspace", on_delete=django.db.models.deletion.CASCADE)),
                ("key", models.CharField(max_length=80)),
                ("name", models.CharField(max_length=200)),
                ("code", models.CharField(max_length=200, blank=True)),
                ("warn_at", models.IntegerField(default=0)),
                ("expires", models.CharField(max_length=20, blank=True)),
                ("turn", models.IntegerField(default=0)),
                ("low_at", models.DateTimeField(null=True)),
                ("empty_at", models.DateTimeField(null=True)),
            ],
            {"db_table": "coupon_pool"},
        ),
        migrations.AddConstraint(
            "CouponPool", models.UniqueConstraint(fields=("workspace", "key"), name="coupon_pool_key_once")
        ),
    )
