"""Connected channels. The kind is the vendor and comes from the registry, never from a list of choices."""

from django.db import models

from tertulia.data.models.people import Workspace


class Channel(models.Model):
    """One connected account at a provider. `public_id` is the last part of the webhook's address."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    settings = models.JSONField(default=dict)
    secrets = models.BinaryField(default=b"")  # sealed JSON
    cache = models.BinaryField(default=b"")  # sealed JSON: short-lived tokens
    state = models.CharField(max_length=12, default="live")  # live | paused | fault
    fault = models.CharField(max_length=200, blank=True)  # the sentence shown when state is fault
    rate_per_s = models.FloatField()
    price_micros = models.BigIntegerField(null=True)  # a price of one's own per message or part
    greeting = models.TextField(blank=True)  # Liquid; answered once to a first message
    offers_text = models.BooleanField(default=False)  # the ready first message says that offers may follow (M7)
    first_message = models.TextField(blank=True)  # the ready first message, the code is put in or after it
    polling = models.BooleanField(default=False)
    poll_cursor = models.CharField(max_length=64, blank=True)
    first_call_at = models.DateTimeField(null=True)
    last_call_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    test_findings = models.JSONField(default=list)  # [{ok, sentence}]
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "channel"
