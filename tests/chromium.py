"""Debian's Chromium for the tests: its headless shell, which draws no window, where it is installed."""

import shutil

PROGRAM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
MISSING = "needs Debian's chromium-headless-shell or chromium"
