"""What the application gives out of the folder of uploads, and what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.http import Http404
from django.test import RequestFactory

from config.uploads import upload


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    for name in ("documents/contract.txt", "images/plan.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("canary")
    return tmp_path


@pytest.mark.parametrize(
    "path",
    [
        "documents/contract.txt",
        "/documents/contract.txt",
        "./documents/contract.txt",
        "images/../documents/contract.txt",
        "documents//contract.txt",
        "images/..//./documents/contract.txt",
    ],
)
def test_a_document_is_not_had_from_its_folder(folder: Path, path: str) -> None:
    with pytest.raises(Http404):
        upload(RequestFactory().get(f"/media/{path}"), path)


def test_a_picture_is(folder: Path) -> None:
    answer = upload(RequestFactory().get("/media/images/plan.txt"), "images/plan.txt")
    assert b"".join(answer.streaming_content) == b"canary"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("", 200, b"canary"),
        ("bytes=0-", 206, b"canary"),
        ("bytes=2-3", 206, b"na"),
        ("bytes=4-99", 206, b"ry"),
        ("bytes=-2", 206, b"ry"),
        ("bytes=-99", 206, b"canary"),
        ("bytes=6-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=3-2", 200, b"canary"),
        ("bytes=0-1,3-4", 200, b"canary"),
        ("bytes=-", 200, b"canary"),
        ("lines=1-2", 200, b"canary"),
        ("bytes=٣-", 200, b"canary"),
    ],
)
def test_a_browser_may_jump_within_a_recording(
    folder: Path, asked: str, status: int, body: bytes
) -> None:
    request = RequestFactory().get("/media/images/plan.txt", headers={"range": asked})
    answer: Any = upload(request, "images/plan.txt")
    assert answer.status_code == status
    given = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert given == body
    if status == 206:
        assert answer["Content-Length"] == str(len(body))
        assert answer["Content-Range"].endswith("/6")
    answer.close()
