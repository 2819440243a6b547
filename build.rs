//! Rebuilds the program when an embedded scenario or fixture is added or changed.

fn main() {
    println!("cargo:rerun-if-changed=scenarios");
    println!("cargo:rerun-if-changed=fixtures");
}
