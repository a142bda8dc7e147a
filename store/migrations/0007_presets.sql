-- A system prompt and the sampling under a name, chosen per conversation. A conversation
-- without one, or whose preset was deleted, goes by the settings.
CREATE TABLE presets (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    user           TEXT    NOT NULL,
    name           TEXT    NOT NULL CHECK (name <> ''),
    system         TEXT    NOT NULL,
    temperature    REAL    NOT NULL CHECK (temperature >= 0),
    top_p          REAL    NOT NULL CHECK (top_p BETWEEN 0 AND 1),
    top_k          INTEGER NOT NULL CHECK (top_k >= 0),
    min_p          REAL    NOT NULL CHECK (min_p BETWEEN 0 AND 1),
    repeat_penalty REAL    NOT NULL CHECK (repeat_penalty > 0),
    max_tokens     INTEGER NOT NULL CHECK (max_tokens > 0),
    seed           INTEGER NOT NULL CHECK (seed >= 0), -- 0: another one for each answer
    created        INTEGER NOT NULL,
    deleted        INTEGER,
    UNIQUE (user, id)
) STRICT;
CREATE UNIQUE INDEX presets_name ON presets (user, name COLLATE NOCASE) WHERE deleted IS NULL;

CREATE TABLE conversation_presets (
    user         TEXT    NOT NULL,
    conversation INTEGER NOT NULL,
    preset       INTEGER NOT NULL,
    PRIMARY KEY (user, conversation),
    FOREIGN KEY (user, conversation) REFERENCES conversations (user, id) ON DELETE CASCADE,
    FOREIGN KEY (user, preset) REFERENCES presets (user, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_presets_preset ON conversation_presets (user, preset);

-- What an answer was made with, as it was called and as it read then: presets change.
ALTER TABLE messages ADD COLUMN preset TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN system TEXT NOT NULL DEFAULT '';
