-- What is only ever appended is forgotten from its old end, found by a summary of each stretch of pages: it costs an append
-- nothing, and a megabyte for a hundred million rows. The space that is freed is filled in the same order.
create index log_by_age on log using brin (received_at) with (pages_per_range = 32, autosummarize = on);
create index webhook_by_age on webhook using brin (received_at) with (pages_per_range = 32, autosummarize = on);
create index click_by_age on click using brin (at) with (pages_per_range = 32, autosummarize = on);
alter table log set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
