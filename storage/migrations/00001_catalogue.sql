-- The catalogue of recordings: what was recorded, by which takes, in which segments, and what was
-- made of it. Times are UTC text of fixed width; media time is integer.

-- +goose Up
CREATE TABLE recordings (
    id          TEXT PRIMARY KEY,
    program_id  TEXT NOT NULL,
    owner_id    TEXT NOT NULL,
    title       TEXT NOT NULL,
    class       TEXT NOT NULL DEFAULT '',
    state       TEXT NOT NULL CHECK (state IN ('recording', 'finishing', 'ready')),
    started_at  TEXT NOT NULL,
    ended_at    TEXT NOT NULL DEFAULT '',
    duration_ms BIGINT NOT NULL DEFAULT 0,
    last_seq    BIGINT NOT NULL DEFAULT 0, -- of the log of annotations
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    deleted_at  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX recordings_of_owner ON recordings (owner_id, id);
CREATE INDEX recordings_of_program ON recordings (program_id, id);
CREATE INDEX recordings_unfinished ON recordings (state, id);

CREATE TABLE takes (
    id           TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    route        TEXT NOT NULL CHECK (route IN ('live', 'local', 'upload')),
    source       TEXT NOT NULL DEFAULT 'camera' CHECK (source IN ('camera', 'screen')),
    state        TEXT NOT NULL CHECK (state IN ('open', 'ended')),
    offset_ms    BIGINT NOT NULL DEFAULT 0, -- where on the timeline media time 0 of the take lies
    end_reason   TEXT NOT NULL DEFAULT '',
    started_at   TEXT NOT NULL,
    ended_at     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX takes_of_recording ON takes (recording_id, id);
CREATE INDEX takes_open ON takes (state, id);

CREATE TABLE tracks (
    take_id   TEXT NOT NULL REFERENCES takes (id) ON DELETE CASCADE,
    number    BIGINT NOT NULL CHECK (number > 0), -- the track id inside the CMAF objects
    kind      TEXT NOT NULL CHECK (kind IN ('video', 'audio')),
    codec     TEXT NOT NULL, -- h264, vp9, vp8, opus, aac
    timescale BIGINT NOT NULL CHECK (timescale > 0),
    PRIMARY KEY (take_id, number)
);

-- An init segment: a new one when a track's codec configuration changes in the middle of a take.
CREATE TABLE inits (
    take_id    TEXT NOT NULL REFERENCES takes (id) ON DELETE CASCADE,
    number     BIGINT NOT NULL CHECK (number > 0),
    codecs     TEXT NOT NULL, -- RFC 6381, as HLS wants it
    width      BIGINT NOT NULL DEFAULT 0,
    height     BIGINT NOT NULL DEFAULT 0,
    object_key TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (take_id, number)
);

CREATE TABLE segments (
    take_id     TEXT NOT NULL REFERENCES takes (id) ON DELETE CASCADE,
    number      BIGINT NOT NULL CHECK (number > 0),
    init_number BIGINT NOT NULL,
    start_ticks BIGINT NOT NULL,                            -- 1/90000 s, in the take's media time
    ticks       BIGINT NOT NULL CHECK (ticks > 0),
    object_key  TEXT NOT NULL,
    bytes       BIGINT NOT NULL,
    sha256      TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (take_id, number)
);

-- What was made of a recording: the download, the stills, the waveform.
CREATE TABLE renditions (
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL, -- mp4, poster, storyboard, storyboard_index, waveform
    media_type   TEXT NOT NULL,
    object_key   TEXT NOT NULL,
    bytes        BIGINT NOT NULL,
    sha256       TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    PRIMARY KEY (recording_id, kind)
);

-- How far the work on a recording's renditions has come.
CREATE TABLE processing (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
    state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    step         TEXT NOT NULL DEFAULT '', -- the rendition being made
    percent      BIGINT NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    left_seconds BIGINT NOT NULL DEFAULT -1, -- -1: not known
    reason       TEXT NOT NULL DEFAULT '', -- why it failed, for a person
    run          TEXT NOT NULL DEFAULT '', -- the attempt that is at work: an older one may note nothing
    updated_at   TEXT NOT NULL
);

-- +goose Down
DROP TABLE processing;
DROP TABLE renditions;
DROP TABLE segments;
DROP TABLE inits;
DROP TABLE tracks;
DROP TABLE takes;
DROP TABLE recordings;
