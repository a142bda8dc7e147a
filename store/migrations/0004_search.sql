-- A conversation that its owner wants at the top of the list.
ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));

-- Where words stand in titles and messages. Three letters at a time: a part of a word
-- is found too, which German's compounds need. The words themselves are kept once, in
-- their tables; what is deleted leaves no trace in the index.
CREATE VIRTUAL TABLE title_index USING fts5(title, content = 'conversations', content_rowid = 'id', tokenize = 'trigram');
INSERT INTO title_index (title_index, rank) VALUES ('secure-delete', 1);
INSERT INTO title_index (title_index) VALUES ('rebuild');

CREATE TRIGGER title_indexed AFTER INSERT ON conversations BEGIN
    INSERT INTO title_index (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER title_reindexed AFTER UPDATE OF title ON conversations BEGIN
    INSERT INTO title_index (title_index, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO title_index (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER title_removed AFTER DELETE ON conversations BEGIN
    INSERT INTO title_index (title_index, rowid, title) VALUES ('delete', old.id, old.title);
END;

CREATE VIRTUAL TABLE text_index USING fts5(text, content = 'messages', content_rowid = 'id', tokenize = 'trigram');
INSERT INTO text_index (text_index, rank) VALUES ('secure-delete', 1);
INSERT INTO text_index (text_index) VALUES ('rebuild');

CREATE TRIGGER text_indexed AFTER INSERT ON messages BEGIN
    INSERT INTO text_index (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER text_removed AFTER DELETE ON messages BEGIN
    INSERT INTO text_index (text_index, rowid, text) VALUES ('delete', old.id, old.text);
END;
