-- Segments: who is in them, and what that is decided by.

-- name: has_merged
select 1 from contact c where c.workspace = %(workspace)s and c.merged_into is not null limit 1

