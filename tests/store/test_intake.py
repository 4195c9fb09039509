"""I3: what came in is accounted for."""


def test_I3_a_duplicate_is_among_the_processed_and_not_still_on_its_way() -> None:
    """Received = processed + parked + on the way; of the processed some were duplicates."""
    from tertulia.store.conversations import Intake

    assert Intake(channel_id=1, received=10, processed=7, duplicates=2, parked=1).on_the_way == 2
    assert Intake(channel_id=1, received=10, processed=9, duplicates=2, parked=1).on_the_way == 0
