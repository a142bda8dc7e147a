-- What a version's adapters are, by the hash that names their values: a file that was damaged or changed
-- since is not what the gate looked at. Versions of before have none and answer as they are. To note it
-- when they are loaded next would vouch for what may have been changed already; a version that a cycle
-- makes of them has it, since the gate has looked at just that.
ALTER TABLE versions ADD COLUMN manner_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE versions ADD COLUMN knowledge_hash TEXT NOT NULL DEFAULT '';
