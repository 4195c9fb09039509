"""Frequency caps."""

from django.db import models

from tertulia.data.models.people import Workspace


class Cap(models.Model):
    """At most so many messages to a contact in so much time (F1). `document` is what `core.caps` reads; `window_s` the
    longest time that it looks back, for as long slots are kept."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    document = models.JSONField()
    window_s = models.BigIntegerField()

    class Meta:
        db_table = "cap"
        constraints = (models.UniqueConstraint(fields=("workspace", "name"), name="cap_name_once"),)
