"""Archives: files that hold the bodies of old statements. No table is known here.

An archive is a gzip of JSON lines with a manifest beside it. Both are written under another
name, flushed to the disk and then renamed: under its own name a file is whole. While the
bodies are still in the database too, the manifest is called ``….pending``; only the finished
one tells that the file may be the only place. Folder and files are for their owner alone.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from django.conf import settings

FORMAT = "attune statements 1"
DATA = ".jsonl.gz"
PENDING = ".pending"
PART = ".part"
_NAME = re.compile(r"statements-\d{8}-[0-9a-f]{12}\.jsonl\.gz")


class ArchiveBroken(Exception):
    """A file is missing, torn or changed; the message says which and how."""


class NoFolder(Exception):
    """No folder for archives is set, or one that is served to visitors."""


class ArchiveBusy(Exception):
    """Another process is at work in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One statement as it lies in an archive: ``body`` to the letter, and what it is."""

    record: int
    statement_id: str
    actor: str
    registration: str
    kind: str
    occurred_at: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds. ``sha256`` is that of the compressed file."""

    format: str
    name: str
    statements: int
    first_record: int
    last_record: int
    first_occurred_at: str
    last_occurred_at: str
    bytes: int
    sha256: str
    made_at: str


def days() -> int:
    """How old a delivered statement becomes before it is archived; 0: never."""
    return int(getattr(settings, "ATTUNE_STATEMENT_RETENTION_DAYS", 0) or 0)


def folder() -> Path:
    """Where archives lie.

    :raises NoFolder: none is set, or it lies in a folder that visitors are served from.
    """
    given = str(getattr(settings, "ATTUNE_ARCHIVE_DIR", "") or "")
    if not given:
        raise NoFolder("ATTUNE_ARCHIVE_DIR names no folder for archives.")
    path = Path(given).resolve()
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        served = str(getattr(settings, name, "") or "")
        if served and path.is_relative_to(Path(served).resolve()):
            raise NoFolder(f"ATTUNE_ARCHIVE_DIR lies in {name}, which is served to visitors.")
    return path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """The only process at work in *folder*, which is made if need be. Death lets go of it.

    :raises ArchiveBusy: another is.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ArchiveBusy(str(folder)) from error
        yield
    finally:
        os.close(descriptor)


def write(folder: Path, lines: Iterable[Line], *, now: datetime) -> Manifest | None:
    """Write a whole archive, pending; ``None`` where there was no line.

    :raises OSError: the disk is full or not ours; nothing is left under an archive's name.
    """
    name = f"statements-{now:%Y%m%d}-{uuid4().hex[:12]}{DATA}"
    part = folder / (name + PART)
    count, first, last = 0, None, None
    occurred: list[str] = []
    try:
        with _new(part) as file:
            hashing = _Hashing(file)
            with gzip.GzipFile(fileobj=hashing, mode="wb", filename="", mtime=0) as packed:
                for line in lines:
                    packed.write(json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n")
                    count += 1
                    first, last = first or line, line
                    occurred = _ends(occurred, line.occurred_at)
            _flush(file)
        if first is None or last is None:
            return None
        manifest = Manifest(
            format=FORMAT,
            name=name,
            statements=count,
            first_record=first.record,
            last_record=last.record,
            first_occurred_at=occurred[0],
            last_occurred_at=occurred[-1],
            bytes=hashing.size,
            sha256=hashing.digest.hexdigest(),
            made_at=now.isoformat(),
        )
        part.rename(folder / name)
    finally:
        part.unlink(missing_ok=True)
    described = folder / (name + ".json" + PART)
    with _new(described) as file:
        file.write(json.dumps(asdict(manifest), indent=2).encode())
        _flush(file)
    described.rename(_pending(folder, name))
    _flush_names(folder)
    return manifest


def finish(folder: Path, name: str) -> None:
    """The database has let go of what *name* holds."""
    pending = _pending(folder, name)
    if pending.exists():
        pending.rename(folder / (name + ".json"))
        _flush_names(folder)


def pending(folder: Path) -> list[str]:
    """Archives that are whole and not finished, in the order of their names."""
    ending = f"{DATA}.json{PENDING}"
    return sorted(p.name.removesuffix(f".json{PENDING}") for p in folder.glob(f"*{ending}"))


def clear_away(folder: Path) -> int:
    """Delete what a killed process left half-written; how many files. Only within ``alone_in``."""
    torn = list(folder.glob(f"*{PART}"))
    torn += [data for data in folder.glob(f"*{DATA}") if not _has_manifest(folder, data.name)]
    for path in torn:
        path.unlink()
    return len(torn)


def verify(folder: Path, name: str) -> Manifest:
    """Read the archive's bytes back and compare them with its manifest.

    :raises ArchiveBroken: the file is not the one that was written.
    """
    if not _NAME.fullmatch(name):
        raise ArchiveBroken(f"“{name}” is not the name of an archive.")
    manifest = _manifest(folder, name)
    digest = hashlib.sha256()
    try:
        with (folder / name).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ArchiveBroken(f"{name} cannot be read: {error}") from error
    if digest.hexdigest() != manifest.sha256:
        raise ArchiveBroken(f"{name} is not the file that was written: its SHA-256 differs.")
    return manifest


def read(folder: Path, name: str) -> Iterator[Line]:
    """The lines of a verified archive, one after the other.

    :raises ArchiveBroken: there are fewer or more than the manifest says, or one is torn.
    """
    manifest = _manifest(folder, name)
    count = 0
    try:
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="\n") as file:
            for text in file:
                count += 1
                yield Line(**json.loads(text))
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise ArchiveBroken(f"{name}, line {count + 1}: {error}") from error
    if count != manifest.statements:
        raise ArchiveBroken(f"{name} holds {count} statements, not {manifest.statements}.")


# --- files --------------------------------------------------------------------------------


class _Hashing(io.RawIOBase):
    """Passes on what is written and remembers its digest and size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, block: bytes) -> int:  # type: ignore[override]
        self.digest.update(block)
        self.size += len(block)
        return self._file.write(block)


def _new(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pending(folder: Path, name: str) -> Path:
    return folder / f"{name}.json{PENDING}"


def _has_manifest(folder: Path, name: str) -> bool:
    return (folder / f"{name}.json").exists() or _pending(folder, name).exists()


def _manifest(folder: Path, name: str) -> Manifest:
    path = folder / f"{name}.json"
    path = path if path.exists() else _pending(folder, name)
    try:
        return Manifest(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise ArchiveBroken(f"The manifest of {name} cannot be read: {error}") from error


def _ends(known: list[str], moment: str) -> list[str]:
    return [min([*known, moment]), max([*known, moment])]
