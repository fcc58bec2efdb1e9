# The call page is built with npm, and the wheel with the development lock file. The final image
# contains neither npm nor the development packages.

FROM node:20-slim AS page
WORKDIR /src/slackbot/web/call/page
COPY slackbot/web/call/page/package.json slackbot/web/call/page/package-lock.json slackbot/web/call/page/.npmrc ./
RUN npm ci --silent
COPY slackbot/web/call/page/ ./
RUN npm run --silent check && npm test --silent && npm run --silent build

FROM python:3.11-slim AS wheel
WORKDIR /src
COPY requirements-dev.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-dev.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations/ migrations/
COPY slackbot/ slackbot/
COPY --from=page /src/slackbot/web/call/static/ slackbot/web/call/static/
RUN REQUIRE_CALL_PAGE=1 pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home slackbot && install -d -o slackbot -m 700 /data
COPY requirements.txt /tmp/
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt
COPY --from=wheel /src/dist/ /tmp/dist/
RUN pip install --no-cache-dir --no-deps /tmp/dist/*.whl
USER slackbot
WORKDIR /data
VOLUME /data
ENV HOST=0.0.0.0 PORT=3000 SLACKBOT_DATA_DIR=/data
EXPOSE 3000
# Check only liveness. A restart does not fix the problems that /readyz reports.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD python -c "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"
CMD ["slackbot", "run"]
