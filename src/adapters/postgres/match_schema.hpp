#pragma once

namespace gk::postgres {

// Version 2: who waits and who plays. One writer at a time: every transaction that changes something here takes match_lock() first, and many calls
// share a transaction (shared_writes.hpp). So numbers become visible in their order, nobody waits for anybody's rows in the other order, and what a
// function has looked at stays so until it has written. Each function checks before it changes anything: a refusal leaves no trace and does not
// harm its neighbours in the transaction. The two unique indexes are the rule that a player waits once and plays once.
// Queues and players of a ticket are JSON that the server never looks into: it would refuse some of what JSON allows.
inline constexpr const char* match_schema = R"sql(
CREATE TABLE match_epoch (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
);
INSERT INTO match_epoch (number) VALUES (0);
CREATE TABLE match_queues (
    name text PRIMARY KEY,
    document json NOT NULL
);
CREATE TABLE match_tickets (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    tenant text NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    joined_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    over_at bigint,
    priority integer NOT NULL,
    put_back integer NOT NULL DEFAULT 0,
    match uuid,
    reason text NOT NULL,
    queues json NOT NULL,
    players json NOT NULL
);
CREATE INDEX match_tickets_waiting ON match_tickets (joined_at, id) WHERE state = 'queued';
CREATE INDEX match_tickets_over ON match_tickets (over_at) WHERE over_at IS NOT NULL;
CREATE TABLE match_ticket_players (
    ticket uuid NOT NULL,
    tenant text NOT NULL,
    player text NOT NULL,
    live boolean NOT NULL DEFAULT true,
    PRIMARY KEY (ticket, player)
);
CREATE UNIQUE INDEX match_ticket_players_live ON match_ticket_players (tenant, player) WHERE live;
CREATE INDEX match_ticket_players_by_player ON match_ticket_players (tenant, player);
CREATE TABLE matches (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    version bigint NOT NULL DEFAULT 1,
    tenant text NOT NULL,
    queue text NOT NULL,
    state text NOT NULL,
    rated boolean NOT NULL DEFAULT false,
    server text NOT NULL,
    end_reason text NOT NULL,
    claimed_at bigint NOT NULL,
    over_at bigint,
    document json NOT NULL
);
CREATE INDEX matches_by_queue ON matches (tenant, queue, number);
CREATE INDEX matches_live ON matches (number) WHERE over_at IS NULL;
CREATE INDEX matches_over ON matches (over_at) WHERE over_at IS NOT NULL;
CREATE TABLE match_players (
    tenant text NOT NULL,
    player text NOT NULL,
    match uuid NOT NULL,
    live boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant, player, match)
);
CREATE UNIQUE INDEX match_players_live ON match_players (tenant, player) WHERE live;
CREATE INDEX match_players_by_match ON match_players (match);
CREATE TABLE match_events (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket uuid NOT NULL,
    at bigint NOT NULL,
    match uuid,
    what text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX match_events_by_ticket ON match_events (ticket, number);
CREATE TABLE match_ratings (
    queue text NOT NULL,
    player text NOT NULL,
    matches bigint NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (queue, player)
);

CREATE FUNCTION match_lock() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(x'474b504d'::bigint)
$$;
CREATE FUNCTION match_is_fenced(mine bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT number FROM gamekeeper.match_epoch) > mine, false)
$$;

-- The ticket that is there: the new one, one with its id, or the live one of the first of these players who has one.
CREATE FUNCTION match_join(new_id uuid, new_tenant text, new_joined_at bigint, new_expires_at bigint, new_priority integer, new_put_back integer,
                           new_reason text, new_queues json, new_players json, names text[])
RETURNS SETOF match_tickets LANGUAGE plpgsql AS $$
DECLARE
    known uuid;
BEGIN
    SELECT p.ticket INTO known FROM unnest(names) WITH ORDINALITY AS n(name, place)
        JOIN match_ticket_players p ON p.tenant = new_tenant AND p.player = n.name AND p.live ORDER BY n.place LIMIT 1;
    IF known IS NULL THEN
        SELECT t.id INTO known FROM match_tickets t WHERE t.id = new_id;
    END IF;
    IF known IS NULL THEN
        INSERT INTO match_tickets (id, tenant, joined_at, expires_at, seen_at, priority, put_back, reason, queues, players)
            VALUES (new_id, new_tenant, new_joined_at, new_expires_at, new_joined_at, new_priority, new_put_back, new_reason, new_queues,
                    new_players);
        INSERT INTO match_ticket_players (ticket, tenant, player) SELECT new_id, new_tenant, unnest(names);
        INSERT INTO match_events (ticket, at, what, detail) VALUES (new_id, new_joined_at, 'queued', '');
        known := new_id;
    END IF;
    RETURN QUERY SELECT * FROM match_tickets t WHERE t.id = known;
END $$;

CREATE FUNCTION match_cancel(which uuid, now bigint) RETURNS SETOF match_tickets LANGUAGE plpgsql AS $$
BEGIN
    UPDATE match_tickets t SET state = 'cancelled', reason = 'cancelled', over_at = now WHERE t.id = which AND t.state = 'queued';
    IF FOUND THEN
        UPDATE match_ticket_players p SET live = false WHERE p.ticket = which;
        INSERT INTO match_events (ticket, at, what, detail) VALUES (which, now, 'cancelled', '');
    END IF;
    RETURN QUERY SELECT * FROM match_tickets t WHERE t.id = which;
END $$;

-- Whether the ticket still waited, with the players that were seen.
CREATE FUNCTION match_change(which uuid, seen text, wanted json, now bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE match_tickets t SET players = wanted WHERE t.id = which AND t.state = 'queued' AND t.players::text = seen;
    IF FOUND THEN
        INSERT INTO match_events (ticket, at, what, detail) VALUES (which, now, 'changed', '');
        RETURN true;
    END IF;
    RETURN false;
END $$;

-- "committed", "refused" with the tickets that cannot be matched, "fenced", or "other" when the match is not of the version that was seen (none: it
-- is new). tickets[i] is that of players[i].
CREATE FUNCTION match_commit(mine bigint, which uuid, seen bigint, its_tenant text, its_queue text, its_state text, its_server text, its_reason text,
                             now bigint, its_document json, tickets uuid[], players text[])
RETURNS TABLE (outcome text, gone uuid[]) LANGUAGE plpgsql AS $$
DECLARE
    missing uuid[];
BEGIN
    IF match_is_fenced(mine) THEN
        RETURN QUERY SELECT 'fenced', '{}'::uuid[];
        RETURN;
    END IF;
    IF (SELECT m.version FROM matches m WHERE m.id = which) IS DISTINCT FROM seen THEN
        RETURN QUERY SELECT 'other', '{}'::uuid[];
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT m.ticket) INTO missing FROM unnest(tickets, players) AS m(ticket, player)
        WHERE NOT EXISTS (SELECT FROM match_tickets t WHERE t.id = m.ticket AND t.state = 'queued')
           OR EXISTS (SELECT FROM match_players p WHERE p.tenant = its_tenant AND p.player = m.player AND p.live);
    IF missing IS NOT NULL THEN
        RETURN QUERY SELECT 'refused', missing;
        RETURN;
    END IF;
    INSERT INTO matches AS m (id, tenant, queue, state, server, end_reason, claimed_at, document)
        VALUES (which, its_tenant, its_queue, its_state, its_server, its_reason, now, its_document)
        ON CONFLICT (id) DO UPDATE SET version = m.version + 1, document = excluded.document;
    INSERT INTO match_players AS p (tenant, player, match) SELECT its_tenant, unnest(players), which
        ON CONFLICT (tenant, player, match) DO UPDATE SET live = true;
    UPDATE match_tickets t SET state = 'matched', match = which, reason = '' WHERE t.id = ANY (tickets);
    INSERT INTO match_events (ticket, at, match, what, detail)
        SELECT m.ticket, now, which, 'claimed', '' FROM unnest(tickets) WITH ORDINALITY AS m(ticket, place) GROUP BY m.ticket ORDER BY min(m.place);
    RETURN QUERY SELECT 'committed', '{}'::uuid[];
END $$;

-- "done", "fenced" or "other", as above. What comes of it for its tickets is given: of each its state, reason and event, in their order.
CREATE FUNCTION match_advance(mine bigint, which uuid, seen bigint, its_state text, its_server text, its_reason text, its_document json,
                              is_over boolean, now bigint, left_tickets uuid[], left_players text[], tickets uuid[], states text[], reasons text[],
                              words text[], details text[])
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF match_is_fenced(mine) THEN
        RETURN 'fenced';
    END IF;
    UPDATE matches m SET version = m.version + 1, state = its_state, server = its_server, end_reason = its_reason, document = its_document,
        over_at = CASE WHEN is_over THEN now END WHERE m.id = which AND m.version = seen;
    IF NOT FOUND THEN
        RETURN 'other';
    END IF;
    UPDATE match_players p SET live = false WHERE p.match = which AND (is_over OR p.player = ANY (left_players));
    UPDATE match_ticket_players p SET live = false FROM unnest(left_tickets, left_players) AS l(ticket, player)
        WHERE p.ticket = l.ticket AND p.player = l.player;
    INSERT INTO match_events (ticket, at, match, what, detail)
        SELECT s.ticket, now, which, s.word, s.detail FROM unnest(tickets, words, details) WITH ORDINALITY AS s(ticket, word, detail, place)
        WHERE EXISTS (SELECT FROM match_tickets t WHERE t.id = s.ticket) ORDER BY s.place;
    UPDATE match_tickets t SET state = s.state, reason = s.reason, over_at = now FROM unnest(tickets, states, reasons) AS s(ticket, state, reason)
        WHERE t.id = s.ticket AND s.state NOT IN ('queued', 'matched');
    UPDATE match_ticket_players p SET live = false FROM unnest(tickets, states) AS s(ticket, state)
        WHERE p.ticket = s.ticket AND s.state NOT IN ('queued', 'matched');
    UPDATE match_tickets t SET state = 'queued', reason = s.reason, match = NULL, put_back = t.put_back + 1, seen_at = now
        FROM unnest(tickets, states, reasons) AS s(ticket, state, reason) WHERE t.id = s.ticket AND s.state = 'queued';
    RETURN 'done';
END $$;

-- Those of the tickets that are expired now. No row with a ticket, but one that says "fenced", under an old epoch.
CREATE FUNCTION match_expire(mine bigint, tickets uuid[], why text, unless_since bigint, now bigint)
RETURNS TABLE (outcome text, ticket uuid) LANGUAGE plpgsql AS $$
BEGIN
    IF match_is_fenced(mine) THEN
        RETURN QUERY SELECT 'fenced', NULL::uuid;
        RETURN;
    END IF;
    WITH ended AS (
        UPDATE match_tickets t SET state = 'expired', reason = why, over_at = now
            WHERE t.id = ANY (tickets) AND t.state = 'queued' AND (unless_since IS NULL OR t.seen_at < unless_since) RETURNING t.id),
    free AS (UPDATE match_ticket_players p SET live = false WHERE p.ticket IN (SELECT id FROM ended))
    INSERT INTO match_events (ticket, at, what, detail) SELECT id, now, 'expired', why FROM ended;
    RETURN QUERY SELECT 'expired', e.id FROM unnest(tickets) WITH ORDINALITY AS e(id, place)
        JOIN match_tickets t ON t.id = e.id WHERE t.state = 'expired' ORDER BY e.place;
END $$;

-- "rated", "again", "none", "fenced", or "other" when somebody was rated since.
CREATE FUNCTION match_rate(mine bigint, which uuid, queues text[], players text[], counts bigint[], documents text[])
RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF match_is_fenced(mine) THEN
        RETURN 'fenced';
    END IF;
    IF NOT EXISTS (SELECT FROM matches m WHERE m.id = which AND NOT m.rated) THEN
        RETURN CASE WHEN EXISTS (SELECT FROM matches m WHERE m.id = which) THEN 'again' ELSE 'none' END;
    END IF;
    IF EXISTS (SELECT FROM unnest(queues, players, counts) AS r(queue, player, count) LEFT JOIN match_ratings k USING (queue, player)
               WHERE coalesce(k.matches, 0) + 1 <> r.count) THEN
        RETURN 'other';
    END IF;
    UPDATE matches m SET rated = true WHERE m.id = which;
    INSERT INTO match_ratings (queue, player, matches, document)
        SELECT r.queue, r.player, r.count, r.document::json FROM unnest(queues, players, counts, documents) AS r(queue, player, count, document)
        ON CONFLICT (queue, player) DO UPDATE SET matches = excluded.matches, document = excluded.document;
    RETURN 'rated';
END $$;

CREATE FUNCTION match_prune(before bigint, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    old uuid[] := ARRAY(SELECT t.id FROM match_tickets t WHERE t.over_at < before ORDER BY t.over_at LIMIT most);
    past uuid[] := ARRAY(SELECT m.id FROM matches m WHERE m.over_at < before ORDER BY m.over_at LIMIT most);
BEGIN
    DELETE FROM match_events e WHERE e.ticket = ANY (old);
    DELETE FROM match_ticket_players p WHERE p.ticket = ANY (old);
    DELETE FROM match_tickets t WHERE t.id = ANY (old);
    DELETE FROM match_players p WHERE p.match = ANY (past);
    DELETE FROM matches m WHERE m.id = ANY (past);
    RETURN cardinality(old) + cardinality(past);
END $$;
)sql";

}  // namespace gk::postgres
