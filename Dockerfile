# The whole program is one static file. The image holds it, certificates and
# nothing else: no shell, no package manager, no root.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG COMMIT=""
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X github.com/changeguard/changeguard/internal/version.Commit=$COMMIT" -o /changeguard ./cmd/changeguard \
 && mkdir -p /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /changeguard /changeguard
COPY --from=build --chown=65532:65532 /data /data
COPY LICENSE NOTICE /
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/changeguard"]
CMD ["serve"]
