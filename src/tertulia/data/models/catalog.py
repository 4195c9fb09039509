"""Catalogs of a business's products, or of whatever else its messages show."""

from django.db import models

from tertulia.data.models.people import Workspace


class Catalog(models.Model):
    """`key` names it in texts. Its items are in `catalog_item`."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=200)

    class Meta:
        db_table = "catalog"
        constraints = (models.UniqueConstraint(fields=("workspace", "key"), name="catalog_key_once"),)
