-- A parked entry keeps the key that it came under, so that its retry is counted as it was; a call that could not be read
-- knows when it was last tried again. The few unread calls have an index of their own (I3).
alter table parked add column key text not null default '';
alter table parked alter column key drop default;
alter table webhook add column tried_at timestamptz;
create index webhook_unread on webhook (workspace, received_at desc, id) where parked <> '';
