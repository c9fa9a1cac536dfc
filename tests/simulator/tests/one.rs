//! One
#[test]
fn one() { let j = simulator::Judge::new(simulator::Mutation::None); let s: u64 = std::env::var("SEED").unwrap().parse().unwrap(); match j.run(s) { Ok(o) => eprintln!("{o:?}"), Err(v) => eprintln!("{v}") } }
