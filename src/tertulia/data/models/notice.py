"""What people are told, and what they did."""

from django.db import models

from tertulia.data.models.people import User, Workspace


class Notice(models.Model):
    """A notification in the console: shown as a toast to those who are there, listed for those who come later."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)  # import_started, import_done, channel_fault, match_paused, ...
    facts = models.JSONField(default=dict)
    link = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"


class Audit(models.Model):
    """Who changed what in the configuration, and when."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True)
    verb = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "audit"
