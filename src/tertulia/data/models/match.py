"""A match: a broadcast with links."""

from django.db import models

from tertulia.data.models.channel import Channel
from tertulia.data.models.people import User, Workspace


class Match(models.Model):
    """What is sent, to whom, how fast. States: draft, launching, live, paused, done, stopped."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="draft")
    sms_channel = models.ForeignKey(Channel, on_delete=models.PROTECT, null=True, related_name="sms_matches")
    text = models.TextField(blank=True)  # Liquid
    neutral = models.TextField(blank=True, db_default="")  # Liquid; for who may not be sent what the text says (M6)
    on_missing = models.CharField(max_length=8, default="fail")  # S4: fail | default | skip
    message_class = models.CharField(max_length=14, default="marketing")
    audience = models.JSONField(default=dict)  # {"all": true} | {"imports": [ids]} | {"contacts": [ids]}
    direct = models.JSONField(default=list)  # [{"channel": id, "template": .., "language": .., "parameters": [..]}]
    rate_per_s = models.FloatField(null=True)  # never above the channel's
    budget_micros = models.BigIntegerField(null=True)
    guard_reason = models.CharField(max_length=200, blank=True)
    frozen_to = models.BigIntegerField(default=0)  # the audience is frozen in so many of the 256 shards
    audience_size = models.IntegerField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    launched_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "match"


class MatchChannel(models.Model):
    """An app that the match's links lead to."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="apps")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT)
    order = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "match_channel"
        constraints = (models.UniqueConstraint(fields=("match", "channel"), name="match_channel_once"),)
        ordering = ("order",)
