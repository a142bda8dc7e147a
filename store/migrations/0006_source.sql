-- Who answered a message that was brought in from another program; '': this one.
ALTER TABLE messages ADD COLUMN source TEXT NOT NULL DEFAULT '';
