"""The one Django app that owns the tables."""

from django.apps import AppConfig


class DataConfig(AppConfig):
    """Configuration models, and the migrations of every table."""

    name = "tertulia.data"
    label = "data"
    default_auto_field = "django.db.models.AutoField"
