-- Files that go with messages.

-- name: read
select name, content_type, body from stored_file where public_id = %(public_id)s
