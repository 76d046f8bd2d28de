#!/bin/sh
# nginx with one worker and one answer, to stand on the ladder beside the phases:
#
#   cargo run --release -p loadgen -- run --scenario plaintext --target nginx='sh loadgen/examples/nginx.sh {port}'
set -eu
port=$1
# One folder, used again each time: nothing can tidy up behind a server that is told to end.
home=${TMPDIR:-/tmp}/phase-lab-nginx
mkdir -p "$home"
cat > "$home/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $home/pid-$port;
error_log stderr warn;
events { worker_connections 20000; }
http {
    access_log off;
    client_body_temp_path $home/body;
    proxy_temp_path $home/proxy;
    fastcgi_temp_path $home/fastcgi;
    uwsgi_temp_path $home/uwsgi;
    scgi_temp_path $home/scgi;
    # The lab keeps its connections for longer than nginx by default does.
    keepalive_requests 1000000000;
    server {
        listen 127.0.0.1:$port backlog=4096;
        location / {
            default_type text/plain;
            return 200 "Hello, World!";
        }
    }
}
CONF
exec nginx -p "$home" -c "$home/nginx.conf"
