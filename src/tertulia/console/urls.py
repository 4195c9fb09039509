"""The console's addresses, from the table of pages."""

urlpatterns: list[object] = []
