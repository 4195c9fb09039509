-- The rows of an import as pages, the API and downloads list them, in file order, a page at a time behind a row.

-- name: list
select r.row, r.outcome, r.field, r.value, r.reason, r.suggestion, r.contact_id, r.sms
from import_row r
where r.import_id = %(id)s and r.outcome = any(%(outcomes)s) and r.row > %(after)s
  and (not %(without_sms)s or not r.sms)
  and (%(first)s = 0 or r.row between %(first)s and %(last)s)
order by r.row
limit %(limit)s
