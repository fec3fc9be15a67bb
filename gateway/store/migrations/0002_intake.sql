-- Documents on their way into an enterprise's profile, by the key of whoever
-- delivers them. box is what is to be anchored, later what became of it.
CREATE TABLE delivery (
  custodian_org_id INTEGER NOT NULL CHECK (custodian_org_id > 0),
  enterprise_id    INTEGER NOT NULL CHECK (enterprise_id > 0),
  key              TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
  stage            TEXT NOT NULL CHECK (stage IN ('planned', 'done')),
  box              BLOB NOT NULL,
  at               INTEGER NOT NULL,
  PRIMARY KEY (custodian_org_id, enterprise_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_planned ON delivery (custodian_org_id) WHERE stage = 'planned';

-- Sealed batches that a delivery accounts for: any other that is not on chain
-- was left behind by a crash.
CREATE TABLE delivered_batch (
  custodian_org_id INTEGER NOT NULL,
  batch_id         BLOB NOT NULL CHECK (length(batch_id) = 32),
  enterprise_id    INTEGER NOT NULL,
  delivery         TEXT NOT NULL,
  PRIMARY KEY (custodian_org_id, batch_id)
) STRICT, WITHOUT ROWID;

-- The records of a profile, by a keyed hash of what they are, whatever their
-- source and format. Two rows of one tag say different things of one document;
-- the one written first counts.
CREATE TABLE identity (
  custodian_org_id INTEGER NOT NULL,
  enterprise_id    INTEGER NOT NULL,
  tag              BLOB NOT NULL CHECK (length(tag) = 32),
  content          BLOB NOT NULL CHECK (length(content) = 32),
  batch_id         BLOB NOT NULL CHECK (length(batch_id) = 32),
  position         INTEGER NOT NULL,
  delivery         TEXT NOT NULL,
  at               INTEGER NOT NULL,
  PRIMARY KEY (custodian_org_id, enterprise_id, tag, content)
) STRICT;

-- Where a record was seen, once for each source; box names source, file and row.
CREATE TABLE sighting (
  custodian_org_id INTEGER NOT NULL,
  enterprise_id    INTEGER NOT NULL,
  tag              BLOB NOT NULL,
  content          BLOB NOT NULL,
  source           BLOB NOT NULL CHECK (length(source) = 32),
  delivery         TEXT NOT NULL,
  box              BLOB NOT NULL,
  PRIMARY KEY (custodian_org_id, enterprise_id, tag, content, source)
) STRICT;

-- A source that is read on a schedule.
CREATE TABLE source (
  id            TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
  enterprise_id INTEGER NOT NULL CHECK (enterprise_id > 0),
  kind          TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('READY', 'PENDING', 'DELIVERED', 'DENIED', 'TIMEOUT')),
  reason        TEXT NOT NULL DEFAULT '',
  detail        TEXT NOT NULL DEFAULT '',
  attempt       INTEGER NOT NULL DEFAULT 0,
  cursor        TEXT NOT NULL DEFAULT '',
  definition    BLOB NOT NULL,
  next_at       INTEGER NOT NULL DEFAULT 0,
  delivered_at  INTEGER NOT NULL DEFAULT 0,
  records       INTEGER NOT NULL DEFAULT 0,
  refused       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX source_of_enterprise ON source (enterprise_id, id);

-- Pages and files that were fetched and are not in the profile yet.
CREATE TABLE inbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL REFERENCES source ON DELETE CASCADE,
  box    BLOB NOT NULL
) STRICT;
CREATE INDEX inbox_of_source ON inbox (source, number);

-- Files that were taken from a folder, by name and by what is in them.
CREATE TABLE taken (
  source   TEXT NOT NULL REFERENCES source ON DELETE CASCADE,
  name     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  digest   BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_digest ON taken (source, digest);
