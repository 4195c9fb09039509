-- The stage is filled, read and emptied within minutes, and the import has it analysed itself when it is full. Left to
-- autovacuum, a list of a million rows was sampled five times and vacuumed twice on its way, for nothing.
alter table import_stage set (autovacuum_analyze_threshold = 2147483647, autovacuum_vacuum_insert_threshold = -1);
