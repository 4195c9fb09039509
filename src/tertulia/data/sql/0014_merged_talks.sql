-- A conversation that a merge closed points to the one that goes on, and its undoing finds it by the merge (M8).
alter table conversation add column into_id uuid, add column merge_id uuid;
