# One program of this project, static, and nothing else: docker build --build-arg BIN=portcullis .
# images/build calls it, or does the same with buildah where no base image can be pulled.
# syntax=docker/dockerfile:1
ARG RUST=1.95
FROM docker.io/library/rust:${RUST}-alpine AS build
RUN apk add --no-cache build-base cmake perl linux-headers
WORKDIR /source
COPY . .
ARG BIN
# The paths of the build machine are in no binary, so that two machines make the same bytes.
ENV RUSTFLAGS="--remap-path-prefix=/usr/local/cargo=/cargo" CFLAGS="-ffile-prefix-map=/usr/local/cargo=/cargo"
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/target \
    CARGO_TARGET_DIR=/target cargo build --profile dist --locked --bin "$BIN" && cp "/target/dist/$BIN" /program

FROM scratch
ARG BIN
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG DESCRIPTION=""
LABEL org.opencontainers.image.title="$BIN" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.description="$DESCRIPTION" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY images/passwd /etc/passwd
COPY --from=build /program /${BIN}
# By number, so that a cluster can tell that it is not root.
USER 65532:65532
# No entry point, since an image without a shell could not put $BIN into one: docker run IMAGE /portcullis --help
