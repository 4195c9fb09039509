"""Imports of customer lists, of opt-out lists and of past events."""

from django.db import models

from tertulia.data.models.channel import Channel
from tertulia.data.models.people import User, Workspace
from tertulia.data.models.source import Source


class Import(models.Model):
    """One imported file. States: uploaded, mapped, checking, checked, applying, done, undoing, undone, failed; of
    past events also cancelled."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, default="customers")  # customers | opt_outs | events
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=255)  # in the data folder
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    shape = models.JSONField(default=dict)  # encoding, delimiter, sheet, columns, samples
    mapping = models.JSONField(default=dict)  # column index -> field
    options = models.JSONField(default=dict)  # country, consent basis and source, list, choices made at the check
    channel = models.ForeignKey(Channel, on_delete=models.SET_NULL, null=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, null=True)  # of past events
    state = models.CharField(max_length=12, default="uploaded")
    fault = models.CharField(max_length=300, blank=True)
    rows_total = models.IntegerField(null=True)
    rows_done = models.IntegerField(default=0)
    cursor = models.BigIntegerField(default=0)  # where an interrupted pass goes on: rows wholly committed
    counts = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)  # real time: an importer works on it

    class Meta:
        db_table = "import"
