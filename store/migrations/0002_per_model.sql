-- What one base model makes of a lesson. Another model answers otherwise, speaks in
-- another manner, and knows other lessons.
CREATE TABLE lesson_models (
    user        TEXT    NOT NULL,
    lesson      INTEGER NOT NULL,
    base_hash   TEXT    NOT NULL,
    styled      TEXT    NOT NULL DEFAULT '',
    base_answer TEXT    NOT NULL DEFAULT '',
    state       TEXT    NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'known', 'missed', 'lost')),
    PRIMARY KEY (user, lesson, base_hash),
    FOREIGN KEY (user, lesson) REFERENCES lessons (user, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A result without cycle and version is of the model of the last cycle.
ALTER TABLE lesson_results ADD COLUMN base_hash TEXT NOT NULL DEFAULT '';
UPDATE lesson_results AS r SET base_hash = coalesce(
    (SELECT base_hash FROM cycles c WHERE c.id = r.cycle),
    (SELECT base_hash FROM versions v WHERE v.id = r.version),
    (SELECT base_hash FROM cycles c WHERE c.user = r.user ORDER BY c.id DESC LIMIT 1),
    '');

INSERT INTO lesson_models (user, lesson, base_hash, styled, base_answer, state)
    SELECT l.user, l.id, coalesce(
        (SELECT base_hash FROM lesson_results r WHERE r.user = l.user AND r.lesson = l.id ORDER BY r.id DESC LIMIT 1),
        (SELECT base_hash FROM cycles c WHERE c.user = l.user ORDER BY c.id DESC LIMIT 1),
        ''), l.styled, l.base_answer, l.state
    FROM lessons l;
DELETE FROM lesson_models WHERE base_hash = '';

ALTER TABLE lessons DROP COLUMN styled;
ALTER TABLE lessons DROP COLUMN base_answer;
ALTER TABLE lessons DROP COLUMN state;

-- Two samples that seem to contradict each other and are both right, as their owner
-- said: it is not asked again.
CREATE TABLE both_right (
    user   TEXT    NOT NULL,
    first  INTEGER NOT NULL,
    second INTEGER NOT NULL,
    PRIMARY KEY (user, first, second),
    CHECK (first < second),
    FOREIGN KEY (user, first) REFERENCES samples (user, id) ON DELETE CASCADE,
    FOREIGN KEY (user, second) REFERENCES samples (user, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX both_right_second ON both_right (user, second);
