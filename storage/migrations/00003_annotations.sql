-- The marks on a recording's timeline and the log of every change to them. Owned by the package
-- annotate. The log is the truth that a socket resumes from; recordings.last_seq counts it.

-- +goose Up
CREATE TABLE annotations (
    id           TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    author_id    TEXT NOT NULL,
    start_ms     BIGINT NOT NULL CHECK (start_ms >= 0),
    end_ms       BIGINT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('strength', 'suggestion', 'question', 'note')),
    target_areas TEXT NOT NULL DEFAULT '[]', -- JSON: ids of target areas, in the order given
    text         TEXT NOT NULL,
    visibility   TEXT NOT NULL CHECK (visibility IN ('private', 'draft', 'shared')),
    status       TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'tried', 'resolved')),
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    deleted_at   TEXT NOT NULL DEFAULT '',
    CHECK (end_ms >= start_ms)
);
CREATE INDEX annotations_of_recording ON annotations (recording_id, start_ms, id);
CREATE INDEX annotations_of_author ON annotations (author_id, recording_id, created_at);

CREATE TABLE replies (
    id            TEXT PRIMARY KEY,
    annotation_id TEXT NOT NULL REFERENCES annotations (id) ON DELETE CASCADE,
    recording_id  TEXT NOT NULL,
    author_id     TEXT NOT NULL,
    text          TEXT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    deleted_at    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX replies_of_annotation ON replies (annotation_id, id);
CREATE INDEX replies_of_recording ON replies (recording_id, id);

CREATE TABLE annotation_events (
    recording_id  TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    seq           BIGINT NOT NULL,
    change        TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    annotation_id TEXT NOT NULL,
    subject_id    TEXT NOT NULL, -- what changed: the annotation itself or one of its replies
    version       BIGINT NOT NULL, -- of the subject, made by this change
    digest        TEXT NOT NULL, -- SHA-256 of the write: tells a repeat from another body
    only_for      TEXT NOT NULL DEFAULT '', -- the one person who may know; '' : all who may see the recording
    at            TEXT NOT NULL,
    PRIMARY KEY (recording_id, seq),
    UNIQUE (subject_id, version)
);

-- Moments that a teacher marks in class: what the lesson's own clock said last, and secrets that
-- let a phone add marks to one recording at the present moment, and do nothing else.
CREATE TABLE lesson_clocks (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
    elapsed_ms   BIGINT NOT NULL,
    running      BIGINT NOT NULL,
    told_at      TEXT NOT NULL
);

CREATE TABLE moment_tokens (
    sha256       TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    expires_at   TEXT NOT NULL
);
CREATE INDEX moment_tokens_of_recording ON moment_tokens (recording_id, created_at);

-- +goose Down
DROP TABLE moment_tokens;
DROP TABLE lesson_clocks;
DROP TABLE annotation_events;
DROP TABLE replies;
DROP TABLE annotations;
