"""Where events come from: a company's apps, sites and servers."""

from django.db import models

from tertulia.data.models.people import Workspace


class Source(models.Model):
    """One app, site or server that sends events. `write_key` says which; it is public by nature, for every browser that
    loads the site has it, and it can only add. `client_side`: the callers are customers' own devices."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    write_key = models.CharField(max_length=64, unique=True)
    client_side = models.BooleanField(default=False)
    state = models.CharField(max_length=12, default="live")  # live | disabled
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "source"
