-- name: endpoints
select id, workspace_id, key, base_url, headers, secrets, timeout_s, idempotent, status_path, status_done, status_failed
from endpoint
order by id

-- name: has_calls
-- Whether any call of an endpoint has no verdict yet.
select 1 from call_open where endpoint_id = %(endpoint)s limit 1
