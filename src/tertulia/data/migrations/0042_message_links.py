"""Links in messages of journeys, and their clicks (data/sql/0042_message_links.sql)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent.parent / "sql" / "0042_message_links.sql").read_text(encoding="utf-8")
DROP = """
delete from click where match_id is null;
drop index click_of_journey;
alter table click drop delivery_id, drop channel_id, drop journey_id, drop step, drop link, alter match_id set not null;
drop table message_link;
"""


class Migration(migrations.Migration):
    """Reversible."""

    dependencies = (("data", "0041_hold_out"),)
    operations = (migrations.RunSQL("set local lock_timeout = '10s';\n" + SQL, DROP),)
