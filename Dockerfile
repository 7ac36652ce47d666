# Hansard with PostgreSQL's driver: an account of its own, nothing written but to /var/lib/hansard.
#
#   docker build -t hansard .
#   docker run --read-only --tmpfs /tmp -p 127.0.0.1:8765:8765 -v hansard:/var/lib/hansard hansard
FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PROJECT_ENVIRONMENT=/opt/hansard \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
RUN pip install --no-cache-dir uv==0.13.9
# The packages change less often than the program: they make a layer of their own.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --extra mcp --extra otel --extra postgres --no-install-project
COPY LICENSE README.md ./
COPY src src
RUN uv sync --frozen --no-default-groups --extra mcp --extra otel --extra postgres --no-editable

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 hansard \
    && useradd --uid 10001 --gid hansard --home-dir /var/lib/hansard --shell /usr/sbin/nologin hansard \
    && install --directory --owner=hansard --group=hansard --mode=0700 /var/lib/hansard
COPY --from=build /opt/hansard /opt/hansard
ENV HANSARD_HOST=0.0.0.0 \
    HANSARD_STORE=sqlite:////var/lib/hansard/hansard.db \
    PATH=/opt/hansard/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/hansard
VOLUME /var/lib/hansard
EXPOSE 8765
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8765/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["hansard"]
CMD ["serve", "--quiet"]
