-- The last activation of its base model when a cycle began, 0 if there was none: the order of the two by
-- their times is wrong where the clock was set in between. Cycles of before have none.
ALTER TABLE cycles ADD COLUMN activation INTEGER;
