-- What lessons are phrased as stayed when another manner was chosen or gone back to, and was carried
-- on by every cycle that kept that manner. Where the manner was last changed otherwise than by a
-- training, as also by an import, they are phrased anew, by the version in use or in the next cycle.
WITH spoken AS (
    SELECT a.id, a.user, a.base_hash, coalesce(v.manner, '') AS manner,
        a.cause = 'cycle' AND a.reason NOT LIKE '{"code":"imported"%' AS trained,
        lag(coalesce(v.manner, ''), 1, '') OVER (PARTITION BY a.user, a.base_hash ORDER BY a.id) AS before
    FROM activations a LEFT JOIN versions v ON v.id = a.version),
changed AS (
    SELECT user, base_hash, trained, row_number() OVER (PARTITION BY user, base_hash ORDER BY id DESC) AS back
    FROM spoken WHERE manner <> before)
UPDATE lesson_models SET styled = '' WHERE styled <> ''
    AND (user, base_hash) IN (SELECT user, base_hash FROM changed WHERE back = 1 AND NOT trained);
