"""Start Ralph, a real record store, for Attune's demo and tests. Not for production.

Runs in the environment that ``lrs/install.sh`` makes and knows nothing of Attune. Statements
lie in one JSON-lines file under ``--data-dir``; the credentials file is written anew at each
start. The endpoint is ``http://HOST:PORT/xAPI``; ``/__lbheartbeat__`` answers once it is up.
"""

import argparse
import json
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--username", required=True)
    parser.add_argument(
        "--password",
        default=os.environ.get("LRS_PASSWORD", ""),
        help="better given as LRS_PASSWORD: arguments can be read by every process",
    )
    arguments = parser.parse_args()
    if not arguments.password:
        parser.error("give a password: --password or LRS_PASSWORD")

    data = arguments.data_dir.resolve()
    data.mkdir(parents=True, exist_ok=True)
    mend(data / "statements.jsonl")
    # Ralph reads its settings when it is imported, so they come first.
    os.environ |= {
        "RALPH_APP_DIR": str(data),
        "RALPH_AUTH_FILE": str(data / "auth.json"),
        "RALPH_RUNSERVER_BACKEND": "fs",
        "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(data),
        "RALPH_BACKENDS__LRS__FS__DEFAULT_LRS_FILE": "statements.jsonl",
    }
    write_credentials(data / "auth.json", arguments.username, arguments.password)
    serve(arguments.host, arguments.port)


def mend(statements: Path) -> None:
    """Cut off a last line that a killed server left half-written.

    Its batch was never acknowledged and will be sent again; with the torn line in place
    every later request would fail.
    """
    statements.touch()
    with statements.open("rb+") as file:
        file.seek(0, os.SEEK_END)
        end = file.tell()
        tail = b""
        position = end
        while position > 0 and b"\n" not in tail:
            step = min(65536, position)
            position -= step
            file.seek(position)
            tail = file.read(step) + tail
        file.truncate(position + tail.rfind(b"\n") + 1)


def write_credentials(path: Path, username: str, password: str) -> None:
    import bcrypt  # noqa: PLC0415  (only in the store's environment)

    # The lowest cost that bcrypt has: this store holds nothing but demo data.
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=4)).decode()
    user = {
        "username": username,
        "hash": hashed,
        "scopes": ["all"],
        "agent": {
            "objectType": "Agent",
            "account": {"homePage": "https://attune.example/lrs", "name": username},
        },
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps([user]))


def serve(host: str, port: int) -> None:
    import uvicorn  # noqa: PLC0415
    from ralph.backends.data.base import BaseOperationType  # noqa: PLC0415
    from ralph.backends.lrs.fs import FSLRSBackend  # noqa: PLC0415

    # With its default, CREATE, every POST after the first fails.
    FSLRSBackend.default_operation_type = BaseOperationType.APPEND
    # It also notes every write in a history file that it rereads and rewrites as a whole.
    FSLRSBackend.append_to_history = lambda self, event: None
    from ralph.api import app  # noqa: PLC0415  (after the changes above)

    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
