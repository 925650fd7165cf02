"""The tables of the library file and how an older file becomes a newer one."""

from __future__ import annotations

APPLICATION_ID = 0x5EE4EA12

_FIRST = """
CREATE TABLE media(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, kind TEXT NOT NULL,
    duration_s REAL NOT NULL, size_bytes INTEGER NOT NULL, path BLOB NOT NULL, embedder TEXT NOT NULL DEFAULT '',
    events INTEGER NOT NULL DEFAULT 0, gaps INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE files(
    path BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
    media TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_media ON files(media);
CREATE TABLE timelines(
    media INTEGER PRIMARY KEY REFERENCES media(number) ON DELETE CASCADE, json_zlib BLOB NOT NULL
);
CREATE TABLE passages(
    id INTEGER PRIMARY KEY, media INTEGER NOT NULL REFERENCES media(number) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL, units TEXT NOT NULL, UNIQUE(media, ordinal)
);
CREATE TABLE units(
    media INTEGER NOT NULL REFERENCES media(number) ON DELETE CASCADE, ordinal INTEGER NOT NULL, kind TEXT NOT NULL,
    start_s REAL NOT NULL, end_s REAL NOT NULL, text TEXT NOT NULL, title TEXT NOT NULL, frame TEXT NOT NULL,
    PRIMARY KEY(media, ordinal)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
    media, title, said, shown, tokenize="porter unicode61 remove_diacritics 2"
);
CREATE TABLE vectors(
    media INTEGER PRIMARY KEY REFERENCES media(number) ON DELETE CASCADE, dimensions INTEGER NOT NULL,
    passages BLOB NOT NULL, units BLOB NOT NULL
);
CREATE TABLE stage_cache(
    key TEXT PRIMARY KEY, media TEXT NOT NULL DEFAULT '', value BLOB NOT NULL
);
CREATE INDEX stage_cache_by_media ON stage_cache(media);
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO facts VALUES('generation', '0');
"""

_SECOND = """
ALTER TABLE media ADD COLUMN width_px INTEGER NOT NULL DEFAULT 0;
ALTER TABLE media ADD COLUMN height_px INTEGER NOT NULL DEFAULT 0;
ALTER TABLE media ADD COLUMN seen INTEGER NOT NULL DEFAULT -1;
ALTER TABLE media ADD COLUMN heard INTEGER NOT NULL DEFAULT -1;
ALTER TABLE media ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE media ADD COLUMN frame TEXT NOT NULL DEFAULT '';
CREATE TABLE sources(
    media TEXT PRIMARY KEY, title TEXT NOT NULL DEFAULT '', url TEXT NOT NULL DEFAULT '',
    kept INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX sources_by_url ON sources(url);
CREATE TABLE corrections(
    media TEXT NOT NULL, kind TEXT NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL, old TEXT NOT NULL,
    new TEXT NOT NULL, PRIMARY KEY(media, kind, start_s, end_s, old)
) WITHOUT ROWID;
CREATE TABLE uploads(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, size_bytes INTEGER NOT NULL, created_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE jobs(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, source TEXT NOT NULL,
    location TEXT NOT NULL, state TEXT NOT NULL, media TEXT, stages TEXT NOT NULL DEFAULT '[]', message TEXT,
    hint TEXT, created_at REAL NOT NULL, started_at REAL, finished_at REAL
);
"""

_THIRD = """
CREATE TABLE tokens(
    media INTEGER NOT NULL REFERENCES media(number) ON DELETE CASCADE, part INTEGER NOT NULL, vectors BLOB NOT NULL,
    PRIMARY KEY(media, part)
);
"""

_FOURTH = """
UPDATE words SET title=as_indexed(title), said=as_indexed(said), shown=as_indexed(shown)
    WHERE title != as_indexed(title) OR said != as_indexed(said) OR shown != as_indexed(shown);
"""

_FIFTH = """
CREATE TABLE windows(
    media INTEGER NOT NULL REFERENCES media(number) ON DELETE CASCADE, number INTEGER NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY(media, number)
) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH)
"""Step n takes a library from version n to n + 1; a step that has shipped is never changed.

`as_indexed` is that of `seehear.words`: what was said and shown in Chinese, Japanese and Korean is cut anew."""
TOKENS = 3
"""From this version on there is a table of token vectors."""
WINDOWS = 5
"""From this version on there is a table of the vectors of windows."""
READABLE = 2
"""The oldest version that can be searched as it stands, where the file cannot be written."""


def statements(script: str) -> list[str]:
    """Split one migration into statements, so that all of it runs inside one transaction."""
    return [part.strip() for part in script.split(";\n") if part.strip()]
