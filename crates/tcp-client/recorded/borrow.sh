# What the compiler says when `receive` takes the stream without `&mut`.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
sed 's/receive(&mut stream)/receive(stream)/; s/fn receive(stream: &mut TcpStream)/fn receive(mut stream: TcpStream)/' \
  crates/tcp-client/examples/tcp-client.rs >"$folder/main.rs"
rustc --edition 2024 --emit metadata --out-dir "$folder" "$folder/main.rs" 2>&1 |
  sed -n '/^error/p; /^[0-9. ]*|/p' | sed '/^ *|$/d' | head -n 8
