//! Starts the private PostgreSQL that the tests use, prints the URL of an empty database, and runs until
//! standard input ends. Useful to try the program on Postgres: `cargo run -p testkit --example postgres`.

fn main() -> Result<(), testkit::Error> {
    let begun = std::time::Instant::now();
    let server = testkit::Postgres::start()?;
    println!("{}", server.database()?);
    eprintln!(
        "ready after {} ms; end of input stops it",
        begun.elapsed().as_millis()
    );
    // Whatever ends the input ends the server.
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    Ok(())
}
