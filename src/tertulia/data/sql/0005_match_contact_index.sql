-- A cycle asks how far its contacts have come in every match, by contact; the key has the match before the contact.
create index match_contact_by_contact on match_contact (shard, contact_id);
