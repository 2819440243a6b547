# One static program, the certificate authorities, and a user without rights.
FROM rust:1-alpine AS build
RUN apk add --no-cache ca-certificates musl-dev
WORKDIR /build
COPY . .
RUN cargo build --profile dist --locked \
 && mkdir -p /image/etc/ssl/certs /image/reports \
 && cp target/dist/scimulate /image/scimulate \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && chown 65532:65532 /image/reports

FROM scratch
COPY --from=build /image /
USER 65532:65532
WORKDIR /
ENTRYPOINT ["/scimulate"]
CMD ["--help"]
