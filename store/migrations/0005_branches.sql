-- A message follows another one: versions of an answer follow one question, a question
-- that was asked differently follows what the first one followed. Until now a later
-- version said which one it replaces, and stood in its place: what came after it follows
-- the last version there is, and all versions follow what stood before them.
CREATE TABLE messages_tree (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user         TEXT    NOT NULL,
    conversation INTEGER NOT NULL,
    parent       INTEGER,
    shown        INTEGER NOT NULL,          -- of those with one parent the greatest is shown, of equals the newest
    role         TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    text         TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    version      INTEGER,
    lesson       INTEGER,
    finish       TEXT    NOT NULL CHECK (finish IN ('', 'end', 'length', 'stop', 'cancelled', 'failed')),
    tokens       INTEGER NOT NULL CHECK (tokens >= 0),
    seconds      REAL    NOT NULL CHECK (seconds >= 0),
    UNIQUE (user, id),
    UNIQUE (conversation, id),
    FOREIGN KEY (user, conversation) REFERENCES conversations (user, id) ON DELETE CASCADE,
    FOREIGN KEY (user, version) REFERENCES versions (user, id),
    FOREIGN KEY (user, lesson) REFERENCES lessons (user, id),
    FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id)
) STRICT;

CREATE INDEX messages_replaces ON messages (replaces) WHERE replaces IS NOT NULL;
WITH RECURSIVE
    places (id, place) AS (
        SELECT id, id FROM messages WHERE replaces IS NULL
        UNION ALL
        SELECT m.id, p.place FROM places p JOIN messages m ON m.replaces = p.id
    ),
    ends AS (SELECT m.conversation, p.place, max(m.id) AS last FROM places p JOIN messages m ON m.id = p.id GROUP BY p.place),
    follows AS (SELECT place, lag(last) OVER (PARTITION BY conversation ORDER BY place) AS parent FROM ends)
INSERT INTO messages_tree (id, user, conversation, parent, shown, role, text, created, version, lesson, finish, tokens, seconds)
    SELECT m.id, m.user, m.conversation, f.parent, 0, m.role, m.text, m.created, m.version, m.lesson, m.finish, m.tokens, m.seconds
    FROM messages m JOIN places p ON p.id = m.id JOIN follows f ON f.place = p.place ORDER BY m.id;

-- No number is given twice, also where the last messages were erased.
DELETE FROM sqlite_sequence WHERE name = 'messages_tree';
INSERT INTO sqlite_sequence (name, seq) SELECT 'messages_tree', seq FROM sqlite_sequence WHERE name = 'messages';
DROP TABLE messages;
ALTER TABLE messages_tree RENAME TO messages;
CREATE INDEX messages_parent ON messages (conversation, parent);
CREATE INDEX messages_lesson ON messages (user, lesson) WHERE lesson IS NOT NULL;

CREATE TRIGGER text_indexed AFTER INSERT ON messages BEGIN
    INSERT INTO text_index (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER text_removed AFTER DELETE ON messages BEGIN
    INSERT INTO text_index (text_index, rowid, text) VALUES ('delete', old.id, old.text);
END;
