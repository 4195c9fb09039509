"""Updates that touch no index, in SQL (data/sql/0010_updates_in_place.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0010_updates_in_place.sql").read_text(encoding="utf-8")
BACK = """
drop index match_contact_by_match;
create index match_contact_by_state on match_contact (match_id, state);
create index match_contact_by_contact on match_contact (shard, contact_id);
alter table match_contact reset (fillfactor);
alter table link reset (fillfactor);
alter table contact_identity reset (fillfactor);
alter table conversation reset (fillfactor);
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0009_retries"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, BACK),)
