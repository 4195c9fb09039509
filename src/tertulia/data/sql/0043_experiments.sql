-- Results of experiments: who came to one, and the goals of a contact.
create index assignment_by_experiment on assignment (workspace, experiment);
create index goal_by_contact on goal (shard, contact_id);
