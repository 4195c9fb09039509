"""Pools of coupon codes."""

from django.db import models

from tertulia.data.models.people import Workspace


class CouponPool(models.Model):
    """Codes that journeys give to customers: one to each, or the one `code` to everybody. `key` names it in documents;
    `expires` is a duration after the claim, empty for none. `turn` rises with every addition of codes."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=200, blank=True)
    warn_at = models.IntegerField(default=0)  # people are warned when so many are left; 0: not before the last
    expires = models.CharField(max_length=20, blank=True)
    turn = models.IntegerField(default=0)
    low_at = models.DateTimeField(null=True)  # the engine warned; both are cleared when codes are added
    empty_at = models.DateTimeField(null=True)  # the engine held a message for want of a code

    class Meta:
        db_table = "coupon_pool"
        constraints = (models.UniqueConstraint(fields=("workspace", "key"), name="coupon_pool_key_once"),)
