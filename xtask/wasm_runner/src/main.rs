//! A cargo runner for tests compiled to WebAssembly: wasm-bindgen's own, from the version in our lock file, so that
//! nobody has to install a matching command.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
