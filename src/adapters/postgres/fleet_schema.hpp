#pragma once

namespace gk::postgres {

// Version 3: match servers that are started ahead, and what of them is there. Written as matches are, under match_lock() (match_schema.hpp): so
// whoever takes the next epoch and reads then has read everything that an earlier one will ever have written.
inline constexpr const char* fleet_schema = R"sql(
CREATE TABLE fleets (
    name text PRIMARY KEY,
    document json NOT NULL
);
CREATE TABLE fleet_servers (
    uid uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    document json NOT NULL
);

-- "done", "fenced", or "taken" when another server has that name.
CREATE FUNCTION fleet_put(mine bigint, which uuid, its_name text, its_document json) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF match_is_fenced(mine) THEN
        RETURN 'fenced';
    END IF;
    IF EXISTS (SELECT FROM fleet_servers s WHERE s.name = its_name AND s.uid <> which) THEN
        RETURN 'taken';
    END IF;
    INSERT INTO fleet_servers (uid, name, document) VALUES (which, its_name, its_document)
        ON CONFLICT (uid) DO UPDATE SET document = excluded.document;
    RETURN 'done';
END $$;

-- "done" or "fenced".
CREATE FUNCTION fleet_remove(mine bigint, which uuid) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF match_is_fenced(mine) THEN
        RETURN 'fenced';
    END IF;
    DELETE FROM fleet_servers s WHERE s.uid = which;
    RETURN 'done';
END $$;
)sql";

}  // namespace gk::postgres
