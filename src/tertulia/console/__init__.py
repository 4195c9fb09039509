"""The console: server-rendered pages of one workspace, one folder a page (see docs/how-to/add-a-page.md)."""
