"""Uploads served by the application itself, where no web server in front does it.

Images and recordings are open to whoever knows their address, as Wagtail has it: a page's
rendition has to load in a mail and behind a cache. Documents are not: whoever asks for one is asked
who they are (``/documents/…``), so their files may not be had from the folder beside it.

A part of a file is given to whoever asks for a part (RFC 9110, section 14): without that no
browser can jump within a recording.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import IO, Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.static import serve

KEPT = "documents"
"""The folder below the uploads in which Wagtail puts documents."""
CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def upload(request: HttpRequest, path: str) -> HttpResponseBase:
    """:raises Http404: there is no such file, or it is a document."""
    # As Django will look for it: “x/../documents/a.pdf” is in that folder too.
    place = posixpath.normpath(path).lstrip("/")
    if place.split("/")[0] == KEPT:
        raise Http404(f"{place} is asked for at /documents/.")
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    if isinstance(response, FileResponse):
        return _in_part(response, request.headers.get("Range", ""))
    return response


def part_of(size: int, asked: str) -> tuple[int, int] | None:
    """First and last byte of what a ``Range`` header asks of a file; None: all of it.

    Several parts at once are answered with the whole file, which the RFC allows.

    :raises ValueError: the file has no such part.
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # so many at the end
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None  # no range at all, so it is not heeded
    if start > end:
        raise ValueError(f"{asked} lies beyond {size} bytes.")
    return start, end


def _in_part(response: FileResponse, asked: str) -> HttpResponseBase:
    response["Accept-Ranges"] = "bytes"
    size = int(response["Content-Length"])
    try:
        part = part_of(size, asked)
    except ValueError:
        response.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if part is None:
        return response
    start, end = part
    file: Any = response.file_to_stream
    file.seek(start)
    response.streaming_content = _read(file, end - start + 1)
    response.status_code = 206
    response["Content-Length"] = str(end - start + 1)
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    return response


def _read(file: IO[bytes], length: int) -> Iterator[bytes]:
    while length and (chunk := file.read(min(CHUNK, length))):
        length -= len(chunk)
        yield chunk
