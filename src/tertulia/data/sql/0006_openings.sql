-- Openings that are not a person's click are counted by match and class (M9). Partial: a click costs nothing more.
create index click_apart on click (match_id, class, contact_id) where class <> 'human';
