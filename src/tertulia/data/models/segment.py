"""Segments and lists, their revisions, and what is counted for them."""

from django.db import models

from tertulia.data.models.people import User, Workspace


class Segment(models.Model):
    """Who belongs, by a condition, or a list on which people are put. States: draft (never published), live, archived.
    `key` names it in files, in other segments and in journeys; `document` is the draft, `version` rises with every
    change of it. `revision`: the newest published one; 0 for none. `turn` rises with it, and when it must be looked
    for anew who belongs though the document has not changed: a list came in, or a segment inside it has changed."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="draft")
    document = models.TextField()
    version = models.IntegerField(default=1)
    revision = models.IntegerField(default=0)
    turn = models.IntegerField(default=0)
    cause = models.CharField(max_length=12, default="definition")  # of the turn: definition or import
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "segment"
        constraints = (models.UniqueConstraint(fields=("workspace", "key"), name="segment_key_once"),)


class SegmentRevision(models.Model):
    """A published document, which nothing changes any more."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="revisions")
    number = models.IntegerField()
    document = models.TextField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    published_at = models.DateTimeField()  # by the decision clock

    class Meta:
        db_table = "segment_revision"
        constraints = (models.UniqueConstraint(fields=("segment", "number"), name="segment_revision_once"),)
        ordering = ("-number",)


class SegmentKey(models.Model):
    """What is counted of contacts' events, as long as a published segment asks for it: fields as in
    core.segments.EventKey."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    type = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    where = models.TextField()
    sum = models.CharField(max_length=200)
    hourly = models.BooleanField()

    class Meta:
        db_table = "segment_key"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "type", "name", "where", "sum", "hourly"), name="segment_key_counted_once"
            ),
        )
