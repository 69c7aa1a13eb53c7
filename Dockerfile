# One image for all parts: the engine (the same unchanged Temporal CLI that `make run` starts), the
# `harness` command, and workers. Dependencies are the pinned ones, checked by hash.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements/ requirements/
RUN python -m venv /opt/harness \
 && /opt/harness/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && /opt/harness/bin/uv pip install --python /opt/harness/bin/python --require-hashes -r requirements/lock.txt
COPY . .
RUN /opt/harness/bin/uv pip install --python /opt/harness/bin/python --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 harness && mkdir /data && chown harness /data
COPY --from=build /opt/harness /opt/harness
ENV PATH=/opt/harness/bin:$PATH HARNESS_PROFILE=production
USER harness
WORKDIR /home/harness
ENTRYPOINT ["harness"]
CMD ["--help"]
