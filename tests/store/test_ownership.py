"""Who owns a shard: the fence of a cycle."""

from datetime import timedelta

import psycopg
import pytest

from tertulia.errors import StoodDown
from tertulia.ids import SHARDS
from tertulia.store.clock import real_now
from tertulia.store.db import connect
from tertulia.store.ownership import claim_shards, fence

LEASE = timedelta(seconds=15)


def test_E6_a_cycle_under_way_keeps_its_shards_from_everybody(empty_database: str) -> None:
    """Its lease is over, and still nobody takes them before its end; then its fence fails, and it stands down."""
    long_ago, now = real_now() - 2 * LEASE, real_now()
    with connect(empty_database) as one, connect(empty_database) as other:
        epochs = claim_shards(one, "one", SHARDS, now=long_ago, until=long_ago + LEASE)
        one.commit()
        fence(one, "one", epochs)
        other.execute("set lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            claim_shards(other, "other", SHARDS, now=now, until=now + LEASE)
        other.rollback()
        one.commit()
        assert len(claim_shards(other, "other", SHARDS, now=now, until=now + LEASE)) == len(SHARDS)
        other.commit()
        with pytest.raises(StoodDown):
            fence(one, "one", epochs)
