"""The commands of the documents that `make docs-check` does not run, each with what shows it."""

from __future__ import annotations

from typing import Final

# The installation as a service of systemd.
SERVICE: Final = (
    "useradd --system --home-dir /var/lib/slackbot --create-home slackbot",
    "python3 -m venv /opt/slackbot",
    "/opt/slackbot/bin/pip install --require-hashes -r requirements.txt",
    "/opt/slackbot/bin/pip install --no-deps .",
    "(cd /var/lib/slackbot && runuser -u slackbot -- /opt/slackbot/bin/slackbot init)",
    "install -m 644 ops/slackbot.service /etc/systemd/system/ && systemctl daemon-reload",
    "systemctl enable --now slackbot",
)

ELSEWHERE: Final = {
    "make demo": "tests/meta/test_transcript.py, and .ci/run",
    "make test": "make check",
    "make page && .venv/bin/pip install --require-hashes -r requirements-browser.txt": "make calls",
    ".venv/bin/slackbot demo --keep": "tests/browser/test_demo.py",
    "slackbot web": "PostgreSQL: tests/scenario/test_workers.py",
    "slackbot worker": "PostgreSQL: tests/scenario/test_workers.py",
    "docker compose up --build --detach": "Docker: tests/meta/test_container.py",
    "docker compose run --rm web slackbot doctor": "Docker: tests/meta/test_container.py",
    "docker compose --profile tls up --build --detach": "Docker: tests/meta/test_container.py",
    "docker compose exec -T database pg_dump --username=slackbot --format=custom slackbot "
    "> night.dump": "Docker, and PostgreSQL: tests/chaos",
    "docker build --tag slackbot .": "make image",
    "docker run --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges "
    "--env-file .env --volume slackbot:/data --publish 127.0.0.1:3000:3000 slackbot": "make image",
    **dict.fromkeys(SERVICE, "root and systemd: tests/meta/test_hosts.py"),
    "PUBLIC_URL=https://your.host caddy run --config ops/Caddyfile": "tests/meta/test_hosts.py",
    "honcho start web": "tests/scenario/test_procfile.py",
    "pg_dump --format=custom --file=night.dump postgresql://user:password@host/name": "PostgreSQL: "
    "tests/chaos",
    "make browser": "make check",
    "make browser REPEAT=10": "make check plays each once",
    "make clicks": "its figures are in docs/playground.md",
    "make bench": "make check runs its guard",
    'make bench BENCH="--json figures.json"': "make check runs its guard",
    ".venv/bin/python -m tests.benchmarks --guard": "make check",
}
