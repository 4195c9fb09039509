-- What the file itself says about a row that is imported (a landline, no consent) waits in the stage until its group is
-- checked. Room on every page for the rows that turn out to be known, which are written once more.
alter table import_stage add column reason text not null default '';
alter table import_stage alter column reason drop default, set (fillfactor = 85);
