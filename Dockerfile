# The grader in a container that needs no special flags; compose.yaml runs it, docs/containers.md says what it promises.
FROM python:3.12-slim-bookworm

RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap make procps \
 && rm -rf /var/lib/apt/lists/*

# Where every user may read: each submission is another user. Root is held by the container.
WORKDIR /opt/course
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY vaelab vaelab
COPY autograde autograde
RUN pip install --no-cache-dir --disable-pip-version-check --constraint requirements.txt --editable '.[grade]'
COPY solutions solutions

ENTRYPOINT ["python", "-m", "autograde"]
CMD ["doctor"]
