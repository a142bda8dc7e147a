-- The first schema kept one answer and one wording of a lesson, and 0002 gave them to the
-- model that was asked last. Where there was more than one they may be of another: they are
-- asked anew in the next cycle.
UPDATE lesson_models SET styled = '', base_answer = ''
    WHERE (SELECT count(DISTINCT base_hash) FROM cycles c WHERE c.user = lesson_models.user) > 1;
