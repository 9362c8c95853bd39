# An image with one static program of this project: docker build --build-arg BIN=portcullis .
# images/build uses this file, or does the same with buildah if no base image can be pulled.

# As in rust-toolchain.toml, so that the base image already has the compiler.
ARG RUST=1.95.0
FROM docker.io/library/rust:${RUST}-alpine AS build
RUN apk add --no-cache build-base cmake perl linux-headers
WORKDIR /source
COPY . .
ARG BIN
# Use a path outside the cache mount to force a clean build.
ARG TARGET_DIR=/target
# Reproducible builds: no path of the build is in a binary, and no time, which mimalloc would write into it.
ENV RUSTFLAGS="--remap-path-prefix=/usr/local/cargo=/cargo --remap-path-prefix=$TARGET_DIR=/build" \
    CFLAGS="-ffile-prefix-map=/usr/local/cargo=/cargo -ffile-prefix-map=$TARGET_DIR=/build -Wno-builtin-macro-redefined -D__DATE__=\"-\" -D__TIME__=\"-\""
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/target \
    CARGO_TARGET_DIR="$TARGET_DIR" cargo build --workspace --exclude dev-features --profile dist --locked --bin "$BIN" \
    && install -D -m 0755 "$TARGET_DIR/dist/$BIN" "/image/$BIN"
# The content of the image, in one layer whose times are the commit's.
ARG SOURCE_DATE_EPOCH=0
RUN install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -m 0644 images/passwd /image/etc/passwd \
    && find /image -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

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
COPY --from=build /image/ /
# A number, so that Kubernetes can verify that the user is not root (runAsNonRoot).
USER 65532:65532
# No entry point, because its exec form cannot expand $BIN, and the image has no shell: docker run IMAGE /portcullis --help
