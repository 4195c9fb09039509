"""Files that go with messages."""

from django.db import models

from tertulia.data.models.people import User, Workspace


class StoredFile(models.Model):
    """A picture, video, voice message, document or GIF, served under its `public_id` to whoever has the address:
    providers fetch it there. The same content is kept once."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    public_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)  # the last part of its address
    form = models.CharField(max_length=12)  # picture, video, voice, document, gif
    content_type = models.CharField(max_length=40)
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)

    class Meta:
        db_table = "stored_file"
        constraints = (models.UniqueConstraint(fields=("workspace", "sha256"), name="stored_file_once"),)
