# What the compiler says of a line that uses the stream after the thread has got it.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
sed '/thread::spawn/a println!("{stream:?}");' \
  crates/tcp-server-threaded/examples/tcp-server-threaded.rs >"$folder/main.rs"
rustc --edition 2024 --emit metadata --out-dir "$folder" "$folder/main.rs" 2>&1 |
  sed -n '/^error/p; /^[0-9. ]*|/p' | sed '/^ *|$/d; /value borrowed here/q'
