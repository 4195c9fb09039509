"""Django's settings, made from `config`. The database is either DATABASE_URL or the embedded server's socket."""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from tertulia import config


def _database() -> dict[str, object]:
    parts = conninfo_to_dict(config.read("DATABASE_URL"))
    taken = {name: str(parts.pop(name, "")) for name in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": taken["dbname"],
        "USER": taken["user"],
        "PASSWORD": taken["password"],
        "HOST": taken["host"],
        "PORT": taken["port"],
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }


SECRET_KEY = config.secret_key()
PUBLIC_URL = config.public_url()
DEBUG = False
ALLOWED_HOSTS = [urlsplit(PUBLIC_URL).hostname or "*", "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https:")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
DATABASES = {"default": _database()}
AUTH_USER_MODEL = "data.User"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "tertulia.data",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tertulia.console.headers.send_headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
CONSOLE = Path(__file__).parent / "console"
ROOT_URLCONF = "tertulia.console.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [CONSOLE, CONSOLE / "sign_in"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "tertulia.console.context.describe_shell",
            ],
            "builtins": ["tertulia.console.tags"],
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
LANGUAGES = [
    ("en", _("English")),
    ("pt", _("Portuguese")),
    ("ar", _("Arabic")),
    ("cs", _("Czech")),
    ("ro", _("Romanian")),
    ("zh-hans", _("Simplified Chinese")),
]
STATIC_URL = "/static/"
STATIC_ROOT = CONSOLE / "static"  # no build: the files are served as they lie, their address carries their fingerprint
WHITENOISE_MAX_AGE = 31_536_000
TEST_CLOCK = config.read("TEST_CLOCK") == "1"
PROVIDER_CALL = "tertulia.workers.call_once.call_provider"  # how a page calls a provider: a channel's Test, a test send
VIRTUAL_PHONES_URL = config.read("VIRTUAL_PHONES_URL")
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "tertulia.console.sign_in.adapter.ConsoleAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tertulia"
CSRF_FAILURE_VIEW = "tertulia.console.errors.show_csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_URL.startswith("https:") else 0
X_FRAME_OPTIONS = "DENY"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
LOGGING_CONFIG = None
