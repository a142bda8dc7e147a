-- Times are microseconds since 1970 in UTC. A NULL reference means "none".
-- Every reference carries the user with it: a row can only point at rows of
-- the same user, whatever the program asks for.

CREATE TABLE conversations (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user    TEXT    NOT NULL,
    title   TEXT    NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted INTEGER,
    UNIQUE (user, id)
) STRICT;

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user         TEXT    NOT NULL,
    conversation INTEGER NOT NULL,
    role         TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    text         TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    version      INTEGER,
    lesson       INTEGER,
    finish       TEXT    NOT NULL CHECK (finish IN ('', 'end', 'length', 'stop', 'cancelled', 'failed')),
    tokens       INTEGER NOT NULL CHECK (tokens >= 0),
    seconds      REAL    NOT NULL CHECK (seconds >= 0),
    replaces     INTEGER,
    UNIQUE (user, id),
    UNIQUE (conversation, id),
    FOREIGN KEY (user, conversation) REFERENCES conversations (user, id) ON DELETE CASCADE,
    FOREIGN KEY (user, version) REFERENCES versions (user, id),
    FOREIGN KEY (user, lesson) REFERENCES lessons (user, id),
    FOREIGN KEY (conversation, replaces) REFERENCES messages (conversation, id)
) STRICT;
CREATE INDEX messages_lesson ON messages (user, lesson) WHERE lesson IS NOT NULL;

-- What has become of a sample follows from the facts: who replaced it, whether
-- that one still stands, whether a filter or its owner said no, which cycle
-- used it. So taking one fact back restores the state before it.
CREATE TABLE samples (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user        TEXT    NOT NULL,
    form        TEXT    NOT NULL CHECK (form IN ('rating', 'correction', 'text')),
    kind        TEXT    NOT NULL CHECK (kind IN ('knowledge', 'manner')),
    context     TEXT    NOT NULL,           -- JSON: [{"role", "text"}]
    prompt      TEXT    NOT NULL,
    answer      TEXT    NOT NULL,
    better      TEXT    NOT NULL,
    score       REAL    NOT NULL CHECK (score BETWEEN -1 AND 1),
    importance  INTEGER NOT NULL CHECK (importance BETWEEN 1 AND 5),
    source      TEXT    NOT NULL,
    message     INTEGER,
    version     INTEGER,
    created     INTEGER NOT NULL,
    cycle       INTEGER,                    -- the last that trained on it
    rejection   TEXT,                       -- JSON: the filter's reason
    replaced_by INTEGER,
    replaced    INTEGER NOT NULL DEFAULT 0, -- 1: replaced_by, or what replaced that, still stands
    deleted     INTEGER,
    state       TEXT    NOT NULL GENERATED ALWAYS AS (
        CASE WHEN deleted IS NOT NULL THEN 'deleted'
             WHEN replaced OR rejection IS NOT NULL THEN 'rejected'
             WHEN cycle IS NOT NULL THEN 'used'
             ELSE 'new' END) VIRTUAL,
    UNIQUE (user, id),
    FOREIGN KEY (user, message) REFERENCES messages (user, id),
    FOREIGN KEY (user, version) REFERENCES versions (user, id),
    FOREIGN KEY (user, cycle) REFERENCES cycles (user, id),
    FOREIGN KEY (user, replaced_by) REFERENCES samples (user, id)
) STRICT;
CREATE INDEX samples_state ON samples (user, state, id);
CREATE INDEX samples_message ON samples (user, message) WHERE message IS NOT NULL;
CREATE INDEX samples_replaced_by ON samples (user, replaced_by) WHERE replaced_by IS NOT NULL;

CREATE TABLE lessons (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user        TEXT    NOT NULL,
    sample      INTEGER NOT NULL UNIQUE,
    question    TEXT    NOT NULL,
    answer      TEXT    NOT NULL,
    styled      TEXT    NOT NULL,
    base_answer TEXT    NOT NULL,
    keywords    TEXT,                       -- JSON: [[word, ...], ...]
    state       TEXT    NOT NULL CHECK (state IN ('new', 'known', 'missed', 'lost')),
    created     INTEGER NOT NULL,
    UNIQUE (user, id),
    FOREIGN KEY (user, sample) REFERENCES samples (user, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE lesson_results (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user    TEXT    NOT NULL,
    lesson  INTEGER NOT NULL,
    cycle   INTEGER,
    version INTEGER,
    outcome TEXT    NOT NULL CHECK (outcome IN ('known', 'missed', 'lost')),
    answer  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    details TEXT,                           -- JSON
    FOREIGN KEY (user, lesson) REFERENCES lessons (user, id) ON DELETE CASCADE,
    FOREIGN KEY (user, cycle) REFERENCES cycles (user, id),
    FOREIGN KEY (user, version) REFERENCES versions (user, id)
) STRICT;
CREATE INDEX lesson_results_lesson ON lesson_results (user, lesson, id);

CREATE TABLE cycles (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    user      TEXT    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('running', 'promoted', 'refused', 'failed', 'stopped', 'checked', 'cut')),
    started   INTEGER NOT NULL,
    finished  INTEGER,
    base_hash TEXT    NOT NULL,
    job       TEXT,                         -- JSON
    report    TEXT,                         -- JSON
    verdict   TEXT    NOT NULL DEFAULT '',
    reason    TEXT    NOT NULL DEFAULT '{"code":""}', -- JSON
    UNIQUE (user, id),
    CHECK ((state = 'running') = (finished IS NULL))
) STRICT;
CREATE UNIQUE INDEX cycles_running ON cycles (user) WHERE state = 'running';

CREATE TABLE versions (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    user      TEXT    NOT NULL,
    number    INTEGER NOT NULL,
    parent    INTEGER,
    cycle     INTEGER NOT NULL,
    base_hash TEXT    NOT NULL,
    manner    TEXT    NOT NULL,
    knowledge TEXT    NOT NULL,
    samples   TEXT    NOT NULL,             -- JSON: [id, ...], erased ones too
    figures   TEXT,                         -- JSON
    verdict   TEXT    NOT NULL,
    reason    TEXT    NOT NULL,             -- JSON
    created   INTEGER NOT NULL,
    removed   INTEGER,
    UNIQUE (user, id),
    UNIQUE (user, number),
    UNIQUE (user, base_hash, id),
    FOREIGN KEY (user, parent) REFERENCES versions (user, id),
    FOREIGN KEY (user, cycle) REFERENCES cycles (user, id)
) STRICT;

-- The newest row for a base model says which version is active.
CREATE TABLE activations (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    user      TEXT    NOT NULL,
    base_hash TEXT    NOT NULL,
    version   INTEGER,                      -- NULL: the untrained base
    cause     TEXT    NOT NULL CHECK (cause IN ('cycle', 'restore', 'rollback')),
    reason    TEXT    NOT NULL,             -- JSON
    created   INTEGER NOT NULL,
    FOREIGN KEY (user, base_hash, version) REFERENCES versions (user, base_hash, id)
) STRICT;
CREATE INDEX activations_base ON activations (user, base_hash, id);

CREATE TABLE base_cache (
    user      TEXT NOT NULL,
    base_hash TEXT NOT NULL,
    kind      TEXT NOT NULL,
    key       TEXT NOT NULL,
    value     BLOB NOT NULL,
    PRIMARY KEY (user, base_hash, kind, key)
) STRICT;

CREATE TABLE drafts (
    user    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    text    TEXT    NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
