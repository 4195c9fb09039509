"""Where events come from: a company's apps, sites and servers, its shop, any system that posts JSON."""

from django.db import models

from tertulia.data.models.people import Workspace


class Source(models.Model):
    """One app, site or server that sends events by a tracking SDK (`kind` sdk), or one system that posts webhooks of
    its own (shopify, woocommerce, webhook). `write_key` says which; an SDK's is public by nature, for every browser
    that loads the site has it, and it can only add. `client_side`: the callers are customers' own devices. `signing`
    is empty where the kind has its own (core.hook_signatures), `mapping` a text (core.hook_mapping)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, default="sdk", db_default="sdk")
    write_key = models.CharField(max_length=64, unique=True)
    client_side = models.BooleanField(default=False)
    state = models.CharField(max_length=12, default="live")  # live | disabled
    secret = models.BinaryField(default=b"", db_default=b"")  # sealed: what its webhooks are signed with
    signing = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    mapping = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "source"
