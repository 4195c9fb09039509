"""Workspaces, the people who work in them, and the keys of machines."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail."""

    def create_user(self, email: str, password: str | None = None, **extra: object) -> "User":
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: object) -> "User":
        return self.create_user(email, password, is_superuser=True, **extra)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who signs in to the console."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=12, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=8, blank=True)
    density = models.CharField(max_length=12, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    objects = UserManager()

    class Meta:
        db_table = "user_account"

    def __str__(self) -> str:
        return self.name or self.email


class Workspace(models.Model):
    """One business. `epoch` rises with every change of configuration that a decision depends on (E7)."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    link_domain = models.CharField(max_length=255, blank=True)  # https://l.example; empty: PUBLIC_URL
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=12, default="en")
    zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="EUR")
    link_key = models.BinaryField()  # sealed; keys the link codes (M4) and the proofs of erasure (C5)
    link_days = models.PositiveSmallIntegerField(default=30)
    event_hours = models.PositiveSmallIntegerField(default=72, db_default=72)
    # Names of attributes that only a verified customer may be sent (M6).
    sensitive_attributes = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    # Hours of the week in which marketing and service messages may go out, as documents write them; empty: always (Q1).
    send_window = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    # The share of customers who get no marketing, as documents write it (5%); empty: none (A2).
    hold_out = models.CharField(max_length=8, blank=True, default="", db_default="")
    # V3: {"message": 0.1, "day": 50, "month": 900, "rates": {"USD": 0.92}}, in its currency; without what is not set.
    budget = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # Countries whose numbers may be sent one-time codes; empty: all.
    otp_countries = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    # How often each hour of the day was one at which a customer opened, clicked or wrote; as it was on a day.
    typical_hours = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    typical_day = models.DateField(null=True)
    epoch = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "workspace"

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's role in a workspace."""

    ROLES = (
        ("owner", _("Owner")),
        ("admin", _("Admin")),
        ("marketer", _("Marketer")),
        ("agent", _("Agent")),
        ("viewer", _("Viewer")),
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=12, choices=ROLES)

    class Meta:
        db_table = "membership"
        constraints = (models.UniqueConstraint(fields=("workspace", "user"), name="membership_once"),)


class SignInLink(models.Model):
    """A link that signs its user in once. Only the hash of its secret is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    secret_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sign_in_link"


class ApiKey(models.Model):
    """A machine's key: shown once, stored as a hash, with scopes (`read`, `write`, `otp`, `test`)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"
