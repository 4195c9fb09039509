"""The world of the story comes from its seed, and every kind of trouble and role is in it."""

from random import Random

from tertulia.stories.match.cast import Role
from tertulia.stories.match.expected import FATES, foresee
from tertulia.stories.match.rows import Trouble, write_list


def test_the_same_seed_makes_the_same_list() -> None:
    """File and fates repeat; another seed makes another list."""
    one, same, other = (write_list(200, Random(seed)) for seed in (3, 3, 4))
    assert one.encode() == same.encode()
    assert foresee(one).fates == foresee(same).fates
    assert one.encode() != other.encode()


def test_every_trouble_and_every_role_is_there() -> None:
    """In the smallest list that the command takes, too."""
    made = write_list(100, Random(1))
    assert len(made.rows) == 100
    assert {row.trouble for row in made.rows if row.trouble} == set(Trouble)
    assert {customer.role for customer in made.reachable} == set(Role) == set(FATES)


def test_nobody_shares_a_number_unless_the_story_wants_it() -> None:
    """Two people have one phone only where that is the trouble."""
    made = write_list(1_000, Random(2))
    sharing = {customer.phone for customer in made.sharing}
    phones = [customer.phone for customer in made.people if customer.phone not in sharing]
    assert len(phones) == len(set(phones))
