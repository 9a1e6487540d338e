#!/bin/sh
# Makes /etc/nginx/conf.d/NAME from /etc/nginx/templates/NAME.template, with the
# variables that are set.
set -e
from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
ext=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}
[ -d "$from" ] || exit 0
[ -w "$to" ] || { echo "$0: $to is not writable" >&2; exit 0; }
names=$(awk 'BEGIN { for (n in ENVIRON) if (n ~ ENVIRON["NGINX_ENVSUBST_FILTER"]) printf "${%s} ", n }')
find "$from" -follow -type f -name "*$ext" | while read -r file; do
    out=$to/${file#"$from/"}
    out=${out%"$ext"}
    mkdir -p "$(dirname "$out")"
    envsubst "$names" <"$file" >"$out"
done
