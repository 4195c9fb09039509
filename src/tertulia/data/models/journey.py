"""Journeys and their revisions."""

from django.db import models

from tertulia.data.models.people import User, Workspace


class Journey(models.Model):
    """What one event starts for one customer. States: draft (never published), live, closed (nobody enters any more,
    runs go on), paused, cancelling (its runs are being closed), cancelled. `key` names it in files and in the API's
    plan; `kind`: journey or broadcast, as its document says; `document` is the draft, as somebody wrote it; `version`
    rises with every change of it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, default="journey")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="draft")
    document = models.TextField()
    version = models.IntegerField(default=1)
    revision = models.IntegerField(null=True)  # the newest published one
    paused_at = models.DateTimeField(null=True)
    # Which guard paused it (V3); empty: none did. `guarded_from`: what was before it was resumed is not judged again.
    guard = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # V3: {"since": ..., "until": ...} of the newest revision; empty without a canary, or when somebody let all go.
    canary = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    guarded_from = models.DateTimeField(null=True)
    # On resuming, how much later waits end; null: what is overdue passes (V2).
    shift_s = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "journey"
        constraints = (models.UniqueConstraint(fields=("workspace", "key"), name="journey_key_once"),)


class JourneyRound(models.Model):
    """A time at which a journey looked for people by itself: for a local day, or at its launch for who was inside a
    segment; or, with `runs`, at which those who were in it moved to a new revision or began again (V1). States:
    running, done, skipped (it was too late). The engine makes and ends them."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="rounds")
    day = models.DateField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, default="running")
    runs = models.CharField(max_length=8, blank=True, default="", db_default="")  # empty, move, restart

    class Meta:
        db_table = "journey_round"
        constraints = (models.UniqueConstraint(fields=("journey", "due_at"), name="journey_round_once"),)
        ordering = ("-due_at",)


class SplitWeights(models.Model):
    """The weights that a bandit has set for a split of a journey, from an hour on (A5): of 10000, by way. `counts`: the
    people and the conversions that they are of. The engine sets them."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE)
    step = models.CharField(max_length=60)
    at = models.DateTimeField()
    weights = models.JSONField()
    counts = models.JSONField()

    class Meta:
        db_table = "split_weights"
        constraints = (models.UniqueConstraint(fields=("journey", "step", "at"), name="split_weights_once"),)


class JourneyRevision(models.Model):
    """A published document, which nothing changes any more (V1). The epoch at which it became the newest."""

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="revisions")
    number = models.IntegerField()
    document = models.TextField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    published_at = models.DateTimeField()  # by the decision clock

    class Meta:
        db_table = "journey_revision"
        constraints = (models.UniqueConstraint(fields=("journey", "number"), name="journey_revision_once"),)
        ordering = ("-number",)
