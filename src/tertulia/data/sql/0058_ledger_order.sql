-- The order in which decisions were made, for those of one instant: ids are hashes and tell none. Rows from before have
-- none.
create sequence ledger_place;
alter table ledger add column place bigint;
alter table ledger alter column place set default nextval('ledger_place');
alter sequence ledger_place owned by ledger.place;
