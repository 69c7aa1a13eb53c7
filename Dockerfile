# syntax=docker/dockerfile:1
# One image for workers, daemons and commands. Dependencies are pinned and checked by hash; no
# development tools, no Temporal and no Postgres are inside. In a registry of your own, pin the base
# too: --build-arg PYTHON=python:3.12-slim@sha256:...
ARG PYTHON=python:3.12-slim

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements/ requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
      -r requirements/node.txt \
 && python -m venv --without-pip /opt/harness \
 && /opt/build/bin/uv pip install --no-cache --compile-bytecode --python /opt/harness/bin/python \
      --require-hashes -r requirements/image.txt
COPY . .
RUN /opt/build/bin/python web/build.py \
 && /opt/build/bin/uv build --no-cache --wheel --out-dir /wheel \
      --require-hashes --build-constraints requirements/lock.txt . \
 && /opt/build/bin/uv pip install --no-cache --compile-bytecode --python /opt/harness/bin/python \
      --no-deps /wheel/*.whl

FROM ${PYTHON}
# The folder of approvals exists, so that a volume mounted there belongs to the user.
RUN useradd --uid 10001 --create-home harness \
 && install -d -o harness -g harness /home/harness/.config /home/harness/.config/harness
COPY --from=build /opt/harness /opt/harness
ENV PATH=/opt/harness/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HARNESS_PROFILE=production
USER 10001:10001
WORKDIR /home/harness
EXPOSE 7720
ENTRYPOINT ["harness"]
CMD ["--help"]
