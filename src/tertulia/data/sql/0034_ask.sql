-- Journeys ask, and hand conversations over to people.

-- What the customer answered in a run, by the steps that asked, and the question that waits for a reply.
alter table run_open add column answers jsonb not null default '{}', add column question jsonb not null default '{}';
alter table run add column answers jsonb not null default '{}';

-- I6: since when a conversation waits for a person, and what came with it: the reason, where from, the answers, the
-- language, the last question that was not understood.
alter table conversation add column handed_at timestamptz, add column hand_over jsonb not null default '{}';
create index conversation_handed_over on conversation (workspace, handed_at) where handed_at is not null;
