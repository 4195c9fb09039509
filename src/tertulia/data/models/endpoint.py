"""Where journeys call a company's own API."""

from django.db import models

from tertulia.data.models.people import Workspace


class Endpoint(models.Model):
    """An address of the company's API that steps of journeys call by its `key`. `methods` are those that steps may
    use; `headers` go with every call, those that are secret sealed in `secrets`. `idempotent`: the same Idempotency-Key
    again has no second effect, so a call may be repeated (S6). `status_path`: a template of the path at which the
    outcome of a call can be asked for; `status_done` and `status_failed` are JMESPath conditions on what it says."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    base_url = models.CharField(max_length=1000)
    methods = models.JSONField(default=list)
    headers = models.JSONField(default=dict)
    secrets = models.BinaryField(default=b"")
    timeout_s = models.IntegerField(default=10)
    idempotent = models.BooleanField(default=False)
    status_path = models.TextField(blank=True, default="")
    status_done = models.TextField(blank=True, default="")
    status_failed = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "endpoint"
        constraints = (models.UniqueConstraint(fields=("workspace", "key"), name="endpoint_key_once"),)
