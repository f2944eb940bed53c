"""A local archive of map tiles: an MBTiles file (specification 1.3), which is a SQLite database.

Only raster tiles: the pages draw the city's areas over them. The file is opened read-only.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass, field
from pathlib import Path

MEDIA = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
MAX_ZOOM = 22


class NoTileArchive(ValueError):
    """The file is no raster MBTiles archive; the message says why."""


@dataclass(frozen=True, slots=True)
class TileArchive:
    """An open archive. ``media``: the tiles' media type; ``credit``: whom its maker wants named."""

    media: str
    credit: str
    _connection: sqlite3.Connection = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def tile(self, zoom: int, column: int, row: int) -> bytes | None:
        """The tile at z/x/y as web maps count it (row 0 in the north); None where there is none."""
        with self._lock:
            found = self._connection.execute(
                "SELECT tile_data FROM tiles"
                " WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
                (zoom, column, 2**zoom - 1 - row),  # the archive counts rows from the south (TMS)
            ).fetchone()
        return bytes(found[0]) if found else None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def open_archive(path: Path) -> TileArchive:
    """Open an archive. Raises NoTileArchive for a file that is none, or that holds vector tiles."""
    if not path.is_file():
        raise NoTileArchive(f"there is no file {path}")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
    )
    try:
        metadata = dict(connection.execute("SELECT name, value FROM metadata").fetchall())
        connection.execute("SELECT tile_data FROM tiles LIMIT 1").fetchone()
    except sqlite3.DatabaseError as wrong:
        connection.close()
        raise NoTileArchive(f"{path} is no MBTiles archive: {wrong}") from None
    kind = str(metadata.get("format", "")).lower()
    if kind not in MEDIA:
        connection.close()
        raise NoTileArchive(f"{path} holds {kind or 'unnamed'} tiles; png, jpg or webp are needed")
    return TileArchive(MEDIA[kind], str(metadata.get("attribution", "")), connection)
