# The call page is built with npm, and the wheel with hatchling. From both, the final image takes only
# the bot's virtual environment.

FROM node:24-trixie-slim AS page
WORKDIR /src/slackbot/web/call/page
COPY slackbot/web/call/page/package.json slackbot/web/call/page/package-lock.json slackbot/web/call/page/.npmrc ./
RUN npm ci --silent
COPY slackbot/web/call/page/ ./
RUN npm run --silent check && npm test --silent && npm run --silent build

FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv --without-pip /opt/slackbot && python -m venv --without-pip /opt/build
RUN pip --python /opt/slackbot/bin/python install --quiet --no-cache-dir --require-hashes -r requirements.txt
RUN pip --python /opt/build/bin/python install --quiet --no-cache-dir --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY migrations/ migrations/
COPY slackbot/ slackbot/
COPY --from=page /src/slackbot/web/call/static/ slackbot/web/call/static/
RUN REQUIRE_CALL_PAGE=1 pip --python /opt/build/bin/python wheel --quiet --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist .
RUN pip --python /opt/slackbot/bin/python install --quiet --no-cache-dir --no-deps dist/*.whl

FROM python:3.13-slim-trixie
COPY --from=build /opt/slackbot/ /opt/slackbot/
# By number, because Kubernetes' runAsNonRoot cannot look up a name.
RUN install -d -o 10001 -g 10001 -m 700 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV PATH=/opt/slackbot/bin:/usr/local/bin:/usr/bin:/bin HOST=0.0.0.0 PORT=3000 SLACKBOT_DATA_DIR=/data
EXPOSE 3000
# Check only liveness. A restart does not fix the problems that /readyz reports. http.client uses no
# HTTP_PROXY.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, sys; from http.client import HTTPConnection; bot = HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); bot.request('GET', '/healthz'); sys.exit(bot.getresponse().status != 200)"]
CMD ["slackbot", "run"]
