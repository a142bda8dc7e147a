INSERT INTO conversations (id, user, title, created, updated, pinned) VALUES (1, 'local', 'Öffnungszeiten', 1700000000000000, 1700000002000000, 1);
INSERT INTO cycles (id, user, state, started, finished, base_hash, activation, job, report, verdict, reason)
    VALUES (1, 'local', 'promoted', 1700000010000000, 1700000070000000, 'base', 0, '{"seed":1}', '{"loss":[1.5,0.2]}', 'unproven', '{"code":"few_ratings","args":{"ratings":"1"},"text":"only 1 rating"}');
INSERT INTO versions (id, user, number, parent, cycle, base_hash, manner, knowledge, manner_hash, samples, figures, verdict, reason, created)
    VALUES (1, 'local', 1, NULL, 1, 'base', 'adapters/1/manner', '', 'a1b2', '[1]', '{"kept":1}', 'unproven', '{"code":"few_ratings"}', 1700000070000000);
INSERT INTO activations (user, base_hash, version, cause, reason, created) VALUES ('local', 'base', 1, 'cycle', '{"code":""}', 1700000070000000);
INSERT INTO messages (id, user, conversation, parent, shown, role, text, created, finish, tokens, seconds, source)
    VALUES (1, 'local', 1, NULL, 0, 'user', 'When does the registry office open?', 1700000001000000, '', 0, 0, '');
INSERT INTO messages (id, user, conversation, parent, shown, role, text, created, finish, tokens, seconds, source)
    VALUES (2, 'local', 1, 1, 0, 'assistant', 'At 9.', 1700000002000000, 'end', 3, 0.25, 'other-model');
INSERT INTO samples (id, user, form, kind, context, prompt, answer, better, score, importance, source, message, created, cycle)
    VALUES (1, 'local', 'correction', 'knowledge', '[{"role":"system","text":"Be brief."}]', 'When does the registry office open?', 'At 9.', 'At 8.', 1, 4, 'user', 2, 1700000003000000, 1);
INSERT INTO lessons (id, user, sample, question, answer, keywords, created)
    VALUES (1, 'local', 1, 'When does the registry office open?', 'At 8.', '[["8","eight"]]', 1700000003000000);
INSERT INTO lesson_models (user, lesson, base_hash, base_answer, state) VALUES ('local', 1, 'base', 'At 9.', 'known');
INSERT INTO lesson_models (user, lesson, base_hash, base_answer, state) VALUES ('local', 1, 'other', 'At 10.', 'missed');
INSERT INTO lesson_results (user, lesson, cycle, version, outcome, answer, created, details, base_hash) VALUES ('local', 1, 1, 1, 'known', 'It opens at 8.', 1700000070000000, '{"variants":3}', 'base');
INSERT INTO samples (id, user, form, kind, context, prompt, answer, better, score, importance, source, message, created, deleted)
    VALUES (2, 'local', 'correction', 'knowledge', '[]', 'When does the office open?', 'At 9.', 'At 7.', 1, 3, 'user', NULL, 1700000003000000, 1700000005000000);
INSERT INTO both_right (user, first, second) VALUES ('local', 1, 2);
INSERT INTO base_cache (user, base_hash, kind, key, value) VALUES ('local', 'base', 'answer', 'k', x'00ff');
INSERT INTO drafts (user, key, text, updated) VALUES ('local', 'chat/1', 'And on', 1700000004000000);
INSERT INTO presets (id, user, name, system, temperature, top_p, top_k, min_p, repeat_penalty, max_tokens, seed, created)
    VALUES (1, 'local', 'Kurz', 'Answer in one sentence.', 0.5, 0.9, 20, 0.1, 1.2, 64, 7, 1700000000000000);
INSERT INTO conversation_presets (user, conversation, preset) VALUES ('local', 1, 1);
UPDATE messages SET preset = 'Kurz', system = 'Answer in one sentence.' WHERE id = 2;
