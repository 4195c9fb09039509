"""Templates and their revisions."""

from django.db import models

from tertulia.data.models.people import User, Workspace


class Template(models.Model):
    """What messages say, in several languages. `key` names it in journeys and in files; `document` is the draft, as
    somebody wrote it; `version` rises with every change of it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    document = models.TextField()
    version = models.IntegerField(default=1)
    revision = models.IntegerField(null=True)  # the newest published one: what messages are made of
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "template"
        constraints = (models.UniqueConstraint(fields=("workspace", "key"), name="template_key_once"),)


class TemplateRevision(models.Model):
    """A published document, which nothing changes any more."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="revisions")
    number = models.IntegerField()
    document = models.TextField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    published_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "template_revision"
        constraints = (models.UniqueConstraint(fields=("template", "number"), name="template_revision_once"),)
        ordering = ("-number",)
