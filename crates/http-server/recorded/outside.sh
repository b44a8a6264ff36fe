# Paths that lead out of the folder, in four forms; and one that does not.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mkdir "$folder/site"
echo inside >"$folder/site/page.txt"
echo secret >"$folder/secret.txt"
ln -s ../secret.txt "$folder/site/link.txt"
"$PROGRAMS/http-server" "127.0.0.1:$PORT" --folder "$folder/site" >/dev/null 2>&1 &
sleep 0.5
for path in /page.txt /../secret.txt /%2e%2e/secret.txt //etc/passwd /link.txt; do
  printf '%-24s %s\n' "$path" "$(curl -s -o /dev/null -w '%{http_code}' --path-as-is "http://127.0.0.1:$PORT$path")"
done
