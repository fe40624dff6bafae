"""The wheel in a site that is not ours: installed, added as the README says, and used."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.xdist_group("plugin")  # the site is made once for all of them

# What the host already had: a user model of its own, and an app with a name that we use too.
MODELS = """
from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    badge = models.CharField(max_length=20)
"""
SETTINGS = """
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["members", "people", *INSTALLED_APPS]
AUTH_USER_MODEL = "members.Member"
"""


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", str(cwd)),
            # How this machine reaches its package index is not ours to decide.
            **{name: text for name, text in os.environ.items() if name.startswith(("UV_", "SSL_"))},
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def uv() -> str:
    return run("sh", "scripts/environment.sh", "uv", cwd=ROOT).strip().splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(uv, "build", "--wheel", "--quiet", "--out-dir", out, ROOT, cwd=out)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def host(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh ``wagtail start`` site with its own people, in an environment of its own."""
    folder = tmp_path_factory.mktemp("host")
    locked = run(
        *(uv, "export", "--frozen", "--no-default-groups", "--no-emit-project", "--no-hashes"),
        cwd=ROOT,
    )
    (folder / "locked.txt").write_text(locked)
    run(uv, "venv", "--quiet", "venv", cwd=folder)
    run(
        *(uv, "pip", "install", "--quiet", "--python", folder / "venv" / "bin" / "python"),
        *("--constraint", folder / "locked.txt", wheel),
        cwd=folder,
    )
    run(folder / "venv" / "bin" / "wagtail", "start", "mysite", cwd=folder)
    site = folder / "mysite"
    for name, models in (("members", MODELS), ("people", "")):
        (site / name / "migrations").mkdir(parents=True)
        (site / name / "__init__.py").touch()
        (site / name / "migrations" / "__init__.py").touch()
        (site / name / "models.py").write_text(models)
    add(site / "mysite" / "settings" / "base.py", SETTINGS + readme("settings"))
    add(site / "mysite" / "urls.py", readme("urls"))
    return site


def readme(name: str) -> str:
    """The block of the README that a reader is told to copy."""
    found = re.search(
        rf"<!-- plugin: {name} -->\n```python\n(.*?)```",
        (ROOT / "README.md").read_text(),
        re.DOTALL,
    )
    assert found, f"the README has no block for the plugin's {name}"
    return found[1]


def add(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text()}\n{text}")


def test_the_wheel_holds_the_plugin_and_nothing_of_ours(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"attune"}
    held = {path for path in (ROOT / "attune").rglob("*") if path.is_file()}
    ours = {str(path.relative_to(ROOT)) for path in held if "__pycache__" not in path.parts}
    assert ours - set(names) == set(), "templates or static files are missing"


def test_a_lesson_is_read_to_its_end_in_a_site_with_its_own_users(host: Path) -> None:
    python = host.parent / "venv" / "bin" / "python"
    answer = host.parent / "answer.json"
    run(
        *(python, Path(__file__).with_name("walk.py"), answer),
        cwd=host,
        PYTHONPATH=str(host),
        DJANGO_SETTINGS_MODULE="mysite.settings.dev",
    )
    seen = json.loads(answer.read_text())

    assert seen["user_model"] == "members.Member"
    assert seen["statuses"] == [302, 200, 200, 302, 200]
    assert seen["lesson_on_page"]
    assert seen["states"] == [["Maria Santos", "completed"]]
    # The lesson is all of its module and programme, so both are complete with it.
    assert seen["verbs"].count("completed") == 3
    assert {"registered", "initialized"} <= set(seen["verbs"])
