-- name: find_by_address
select contact_id from address_key
where shard = %(shard)s and workspace = %(workspace)s and kind = %(kind)s and canonical = %(canonical)s
order by contact_id
