#!/bin/sh
# Puts the code of one image together: assemble.sh SERVICE FOLDER. What the service does not run is not in its image.
set -eu
service=$1 folder=$2
all="identity matching payment notification"

/opt/builder/bin/python -m hatchling build -t wheel -d /tmp/wheel > /dev/null
python3 -m zipfile -e /tmp/wheel/jitney-*.whl "$folder"

case $service in
  identity | matching | payment | notification)
    module=${service}_service default=serve
    variable=JITNEY_$(echo "$service" | tr '[:lower:]' '[:upper:]')_LISTEN
    probe="\"grpc://\$$variable\""
    for other in $all; do [ "$other" = "$service" ] || rm -rf "$folder/${other}_service"; done
    rm -rf "$folder/rider_api" "$folder/jitney" "$folder/jitney_client" ;;
  rider_api)
    module=rider_api default=rest
    # One image, two processes: whichever of them runs here.
    probe='--any "http://$JITNEY_REST_LISTEN/readyz" "http://$JITNEY_STREAM_LISTEN/readyz"'
    for other in $all; do rm -rf "$folder/${other}_service"; done
    rm -rf "$folder/jitney" "$folder/jitney_client" ;;
  jitney)
    module=jitney default=--help
    probe='"http://${JITNEY_SANDBOX_LISTEN:-127.0.0.1:8090}/healthz"' ;;
  *)
    echo "There is no image for $service." >&2
    exit 2 ;;
esac

mkdir -p "$folder/bin"
cat > "$folder/bin/start" << END
#!/bin/sh
[ \$# -gt 0 ] || set -- $default
exec python -m $module "\$@"
END
cat > "$folder/bin/healthy" << END
#!/bin/sh
exec python -m chassis.probe $probe
END
chmod 755 "$folder/bin/start" "$folder/bin/healthy"
# Who runs it can write nowhere, so modules are compiled here.
python3 -m compileall -q "$folder" > /dev/null
