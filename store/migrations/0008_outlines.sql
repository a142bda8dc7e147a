-- When each cycle ran and how it ended, which is counted over all of them again and again, stands
-- behind the job or the report in its row, which are as long as all feedback.
CREATE INDEX cycles_outline ON cycles (user, id, state, started, finished, reason);
