# once: four servers that must not be trusted; needs openssl.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
certificate() { # NAME DAYS
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
    -addext basicConstraints=critical,CA:FALSE -days "$2" -keyout "$folder/key.pem" -out "$folder/$1.pem" 2>/dev/null
}
serve() { # NAME
  openssl s_server -quiet -www -accept "127.0.0.1:$PORT" -cert "$folder/$1.pem" -key "$folder/key.pem" >/dev/null 2>&1 &
  sleep 0.7
}
fetch() {
  (cd "$folder" && "$PROGRAMS/https-fetch" "https://localhost:$PORT/" "$@" 2>&1) | sed 's/^Error: no secure connection to localhost:[0-9]*: /  /' | head -n 1
}
certificate localhost 30
serve localhost
echo "a certificate that it has signed itself:"
fetch
kill $!; wait $! 2>/dev/null
certificate example.com 30
serve example.com
echo "a certificate of another name:"
fetch --ca "$folder/example.com.pem"
kill $!; wait $! 2>/dev/null
"$PROGRAMS/http-server" "127.0.0.1:$PORT" >/dev/null 2>&1 &
sleep 0.5
echo "no TLS at all (lesson 21):"
fetch
