-- Users, programs and who belongs to them; what teachers work on; who may see what. Owned by the
-- package review.

-- +goose Up
CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL,
    email_folded  TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_operator   BIGINT NOT NULL DEFAULT 0,
    session_epoch BIGINT NOT NULL DEFAULT 1, -- raised when a password changes: older sessions end
    created_at    TEXT NOT NULL,
    disabled_at   TEXT NOT NULL DEFAULT ''
);

CREATE TABLE programs (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE members (
    program_id TEXT NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL CHECK (role IN ('teacher', 'instructor', 'lead')),
    created_at TEXT NOT NULL,
    PRIMARY KEY (program_id, user_id)
);
CREATE INDEX members_of_user ON members (user_id, program_id);

CREATE TABLE invitations (
    id           TEXT PRIMARY KEY,
    program_id   TEXT NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    email        TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    name         TEXT NOT NULL DEFAULT '',
    role         TEXT NOT NULL CHECK (role IN ('teacher', 'instructor', 'lead')),
    token_hash   TEXT NOT NULL UNIQUE, -- SHA-256; the token itself is only in the link
    invited_by   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   TEXT NOT NULL,
    expires_at   TEXT NOT NULL,
    accepted_at  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX invitations_of_program ON invitations (program_id, id) WHERE accepted_at = '';
CREATE INDEX invitations_of_email ON invitations (program_id, email_folded);

-- Secrets by which an encoder that is no browser (OBS, a camera) records in a teacher's name.
CREATE TABLE stream_keys (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    program_id TEXT NOT NULL REFERENCES programs (id),
    name       TEXT NOT NULL,
    sha256     TEXT NOT NULL UNIQUE,
    language   TEXT NOT NULL DEFAULT 'en',  -- of the titles of its lessons
    zone       TEXT NOT NULL DEFAULT 'UTC', -- of the times in them
    recording_id TEXT NOT NULL DEFAULT '',  -- what it records, or recorded last
    created_at TEXT NOT NULL,
    used_at    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX stream_keys_of_user ON stream_keys (user_id, id);

CREATE TABLE password_resets (
    token_hash TEXT PRIMARY KEY, -- SHA-256; the token itself is only in the link
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX password_resets_of_user ON password_resets (user_id, expires_at);

CREATE TABLE frameworks (
    id         TEXT PRIMARY KEY,
    program_id TEXT NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX frameworks_of_program ON frameworks (program_id, id);

CREATE TABLE areas (
    id           TEXT PRIMARY KEY,
    framework_id TEXT NOT NULL REFERENCES frameworks (id) ON DELETE CASCADE,
    parent_id    TEXT REFERENCES areas (id) ON DELETE CASCADE,
    position     BIGINT NOT NULL DEFAULT 0,
    name         TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX areas_of_framework ON areas (framework_id, position, id);
CREATE INDEX areas_of_parent ON areas (parent_id);

CREATE TABLE target_areas (
    id         TEXT PRIMARY KEY,
    program_id TEXT NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    teacher_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    area_id    TEXT NOT NULL REFERENCES areas (id) ON DELETE CASCADE,
    hue        BIGINT NOT NULL CHECK (hue BETWEEN 1 AND 9), -- which of the nine area colours
    goal       TEXT NOT NULL,
    measure    TEXT NOT NULL DEFAULT '',
    due_on     TEXT NOT NULL DEFAULT '', -- YYYY-MM-DD
    status     TEXT NOT NULL CHECK (status IN ('active', 'reached', 'dropped')),
    version    BIGINT NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL
);
CREATE INDEX target_areas_of_teacher ON target_areas (teacher_id, program_id, id);
CREATE INDEX target_areas_of_area ON target_areas (area_id);

CREATE TABLE cycles (
    id            TEXT PRIMARY KEY,
    program_id    TEXT NOT NULL REFERENCES programs (id) ON DELETE CASCADE,
    instructor_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    teacher_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    starts_on     TEXT NOT NULL, -- YYYY-MM-DD
    ends_on       TEXT NOT NULL,
    created_at    TEXT NOT NULL
);
CREATE INDEX cycles_of_instructor ON cycles (instructor_id, teacher_id);
CREATE INDEX cycles_of_teacher ON cycles (teacher_id, instructor_id);
CREATE INDEX cycles_of_program ON cycles (program_id, id);

CREATE TABLE recording_target_areas (
    recording_id   TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    target_area_id TEXT NOT NULL REFERENCES target_areas (id) ON DELETE CASCADE,
    position       BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (recording_id, target_area_id)
);

CREATE TABLE shares (
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    access       TEXT NOT NULL CHECK (access IN ('viewer', 'reviewer')),
    until        TEXT NOT NULL DEFAULT '', -- '' : until taken back
    granted_by   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at   TEXT NOT NULL,
    PRIMARY KEY (recording_id, user_id)
);
CREATE INDEX shares_of_user ON shares (user_id, recording_id);

CREATE TABLE reviews (
    id            TEXT PRIMARY KEY,
    recording_id  TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    instructor_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state         TEXT NOT NULL CHECK (state IN ('requested', 'in_progress', 'returned', 'answered')),
    requested_by  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    requested_at  TEXT NOT NULL,
    promised_for  TEXT NOT NULL, -- YYYY-MM-DD
    returned_at   TEXT NOT NULL DEFAULT '',
    summary       TEXT NOT NULL DEFAULT '',
    version       BIGINT NOT NULL DEFAULT 1,
    UNIQUE (recording_id, instructor_id)
);
CREATE INDEX reviews_waiting ON reviews (instructor_id, promised_for, id)
    WHERE state IN ('requested', 'in_progress');

CREATE TABLE audit_log (
    id         TEXT PRIMARY KEY,
    at         TEXT NOT NULL,
    actor_id   TEXT NOT NULL DEFAULT '', -- '' : the installation itself
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL DEFAULT '', -- what it was done to: kind and id
    detail     TEXT NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE audit_log;
DROP TABLE reviews;
DROP TABLE shares;
DROP TABLE recording_target_areas;
DROP TABLE cycles;
DROP TABLE target_areas;
DROP TABLE areas;
DROP TABLE frameworks;
DROP TABLE password_resets;
DROP TABLE stream_keys;
DROP TABLE invitations;
DROP TABLE members;
DROP TABLE programs;
DROP TABLE users;
