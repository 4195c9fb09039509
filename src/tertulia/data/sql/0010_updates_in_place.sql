-- Rows that a cycle changes again and again stay in their place: no index on what changes, and room on the page for the
-- next version. A contact of a match changes four times on its way, and each change wrote into four indexes.
drop index match_contact_by_contact;  -- the key begins with the same columns
drop index match_contact_by_state;
-- With the contact, so that a look-up by key that is planned through it is a look-up by key all the same.
create index match_contact_by_match on match_contact (match_id, contact_id);
alter table match_contact set (fillfactor = 70);
alter table link set (fillfactor = 85);
alter table contact_identity set (fillfactor = 85);
alter table conversation set (fillfactor = 80);
