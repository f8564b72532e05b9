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
    taught_ms   BIGINT NOT NULL DEFAULT -1, -- what the page's clock counted; -1: it has not said
    covered_ms  BIGINT NOT NULL DEFAULT 0,  -- of the timeline, by what is stored
    settled_at  TEXT NOT NULL DEFAULT '',   -- since when no better take is expected
    arrivals    BIGINT NOT NULL DEFAULT 0,  -- how many segments have come; the last one's number
    shown       BIGINT NOT NULL DEFAULT 0,  -- of these, when the work on renditions was last queued
    tidied_at   TEXT NOT NULL DEFAULT '',   -- when live takes that local ones cover were dropped
    last_seq    BIGINT NOT NULL DEFAULT 0, -- of the log of annotations
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    deleted_at  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX recordings_of_owner ON recordings (owner_id, id);
CREATE INDEX recordings_of_program ON recordings (program_id, id);
CREATE INDEX recordings_unfinished ON recordings (state, id);
CREATE INDEX recordings_unsettled ON recordings (id)
    WHERE state = 'ready' AND settled_at = '' AND deleted_at = '';
CREATE INDEX recordings_untidied ON recordings (settled_at, id)
    WHERE settled_at <> '' AND tidied_at < settled_at;

CREATE TABLE takes (
    id           TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    route        TEXT NOT NULL CHECK (route IN ('live', 'local', 'upload')),
    source       TEXT NOT NULL DEFAULT 'camera' CHECK (source IN ('camera', 'screen')),
    state        TEXT NOT NULL CHECK (state IN ('open', 'ended', 'dropped')),
    offset_ms    BIGINT NOT NULL DEFAULT 0, -- where on the timeline media time 0 of the take lies
    end_reason   TEXT NOT NULL DEFAULT '',
    started_at   TEXT NOT NULL,
    ended_at     TEXT NOT NULL DEFAULT '',
    -- Of a local take: what its blobs are, and how far they have come.
    media_type   TEXT NOT NULL DEFAULT '',   -- as the browser names it, with codecs
    lead_ms      BIGINT NOT NULL DEFAULT 0,  -- by how much its picture is too early against its sound
    direct       BIGINT NOT NULL DEFAULT 1,  -- 0: its media must be transcoded before it can be shown
    length_ms    BIGINT NOT NULL DEFAULT 0,  -- as the page counted
    blob_count   BIGINT NOT NULL DEFAULT -1, -- how many there are; -1: it has not been said
    made_blobs   BIGINT NOT NULL DEFAULT 0,  -- of these, from the first on, the media is in segments
    completed_at TEXT NOT NULL DEFAULT '',   -- when all of it was stored and in segments
    -- Of a live take: the node that serves it, and until when it is believed to.
    node         TEXT NOT NULL DEFAULT '',
    lease_until  TEXT NOT NULL DEFAULT '',
    session      TEXT NOT NULL DEFAULT '' -- SHA-256 of the secret by which its sender ends it
);
CREATE INDEX takes_of_recording ON takes (recording_id, id);
CREATE INDEX takes_open ON takes (state, id);
CREATE INDEX takes_unmade ON takes (id) WHERE direct = 0 AND completed_at = '';

-- What a browser recorded of a local take, as it sent it: number 1 is the first.
CREATE TABLE blobs (
    take_id    TEXT NOT NULL REFERENCES takes (id) ON DELETE CASCADE,
    number     BIGINT NOT NULL CHECK (number > 0),
    object_key TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    sha256     TEXT NOT NULL,
    contents   TEXT NOT NULL DEFAULT '', -- JSON: where in it init segment and fragments lie
    created_at TEXT NOT NULL,
    PRIMARY KEY (take_id, number)
);

-- Secrets that let a laptop send to one recording, and to nothing else, without a session.
CREATE TABLE capture_tokens (
    sha256       TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    expires_at   TEXT NOT NULL
);
CREATE INDEX capture_tokens_of_recording ON capture_tokens (recording_id);

-- The processes that serve: who has a lease has a row here that says where it is.
CREATE TABLE nodes (
    id      TEXT PRIMARY KEY,
    url     TEXT NOT NULL DEFAULT '',
    seen_at TEXT NOT NULL
);

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
    object_from BIGINT NOT NULL DEFAULT 0, -- where in the object it begins: a blob may hold several
    bytes       BIGINT NOT NULL,
    sha256      TEXT NOT NULL,
    arrived     BIGINT NOT NULL DEFAULT 0, -- the order in which a recording's segments came
    created_at  TEXT NOT NULL,
    PRIMARY KEY (take_id, number)
);
CREATE INDEX segments_arrived ON segments (take_id, arrived);

-- What goes with a recording: the lesson plan, work samples.
CREATE TABLE attachments (
    id           TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    media_type   TEXT NOT NULL,
    object_key   TEXT NOT NULL,
    bytes        BIGINT NOT NULL,
    sha256       TEXT NOT NULL,
    created_at   TEXT NOT NULL
);
CREATE INDEX attachments_of_recording ON attachments (recording_id, id);

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
    edition      BIGINT NOT NULL DEFAULT 0, -- of what there is to show: work on an older one is in vain
    updated_at   TEXT NOT NULL
);

-- The work on a take whose media must be transcoded before it can be shown.
CREATE TABLE making (
    take_id    TEXT PRIMARY KEY REFERENCES takes (id) ON DELETE CASCADE,
    run        TEXT NOT NULL, -- the attempt that is at work: an older one may note nothing
    updated_at TEXT NOT NULL  -- its sign of life
);

-- +goose Down
DROP TABLE making;
DROP TABLE processing;
DROP TABLE renditions;
DROP TABLE attachments;
DROP TABLE segments;
DROP TABLE inits;
DROP TABLE tracks;
DROP TABLE nodes;
DROP TABLE capture_tokens;
DROP TABLE blobs;
DROP TABLE takes;
DROP TABLE recordings;
