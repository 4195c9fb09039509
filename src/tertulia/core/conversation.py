"""An open conversation as decisions see it (I2, M8)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(slots=True)
class ConversationRow:
    """An open conversation. `contact_id` is whom it was begun by, whoever that is now (M8). `hand_over`: what came
    with it when it was handed over to people, for whom it waits (I6); empty where it waits for nobody."""

    id: UUID
    contact_id: int
    channel_id: int
    question: dict[str, Any]
    opened_at: datetime
    last_at: datetime
    hand_over: dict[str, Any] = field(default_factory=dict)

    @property
    def age(self) -> tuple[datetime, str]:
        """What orders conversations: the older first."""
        return self.opened_at, str(self.id)
