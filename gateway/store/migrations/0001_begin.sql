-- Times are Unix seconds. A token or nonce is kept as its SHA-256 only.
CREATE TABLE nonce (
  hash       BLOB PRIMARY KEY CHECK (length(hash) = 32),
  use        TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
  device     TEXT NOT NULL CHECK (device <> ''),
  org_id     INTEGER NOT NULL CHECK (org_id > 0),
  hosted     INTEGER NOT NULL CHECK (hosted IN (0, 1)),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sign bytes that were prepared for a session's device, by their SHA-256.
CREATE TABLE prepared (
  token_hash BLOB NOT NULL REFERENCES session ON DELETE CASCADE,
  sign_hash  BLOB NOT NULL CHECK (length(sign_hash) = 32),
  kind       TEXT NOT NULL,
  body       BLOB NOT NULL,
  auth_info  BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (token_hash, sign_hash)
) STRICT, WITHOUT ROWID;

-- The first answer to a request that creates something, for its repetition.
-- status 0 marks a request that is being worked on.
CREATE TABLE reply (
  owner        BLOB NOT NULL,
  key          TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
  request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
  status       INTEGER NOT NULL,
  location     TEXT NOT NULL DEFAULT '',
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;

-- Personal fields: box is AES-256-GCM over them, bound to kind and id.
CREATE TABLE private (
  kind TEXT NOT NULL,
  id   TEXT NOT NULL,
  box  BLOB NOT NULL CHECK (length(box) >= 28),
  at   INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- An enterprise's way from its documents to a score for one lender.
CREATE TABLE file (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  enterprise_id INTEGER NOT NULL CHECK (enterprise_id > 0),
  lender_org_id INTEGER NOT NULL CHECK (lender_org_id > 0),
  stage         TEXT NOT NULL,
  reason        TEXT NOT NULL DEFAULT '',
  score_id      BLOB,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX file_of_enterprise ON file (enterprise_id, lender_org_id, id);
CREATE INDEX file_by_stage ON file (stage, id);
