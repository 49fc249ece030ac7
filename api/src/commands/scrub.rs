//! `vigil scrub`: shows what would leave the house of a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::Path;

use anyhow::{Context as _, bail};
use redact::Scrubber;

use crate::cli::ScrubArgs;
use crate::config::Config;

/// Longest line that is looked at as a whole, bytes; a longer one is looked at in such parts.
const LONGEST_LINE: usize = 1 << 20;
/// Lines of a private key or another block of text that belong together are scrubbed together, at most so many bytes.
const BLOCK_BYTES: usize = 64 * 1024;

/// Prints the text as a model outside would get it, and on standard error what was taken out.
///
/// # Errors
/// Fails when a file cannot be read or the project has no section of its own.
pub fn run(args: &ScrubArgs, config: &Config) -> anyhow::Result<()> {
    let policy = match &args.project {
        None => config.scrubbing.general(),
        Some(name) => match config.scrubbing.named(name) {
            Some(policy) => policy,
            None => bail!("the settings have no section [scrub.projects.{name}]"),
        },
    };
    let mut scrubber = policy.outbound();
    if args.strict {
        scrubber = scrubber.strict(true);
    }
    let mut output = stdout().lock();
    let mut tally = Tally::default();
    for path in &args.files {
        let counted = if path == Path::new("-") {
            scrub(
                &scrubber,
                stdin().lock(),
                &mut output,
                args.mask,
                &mut tally,
            )
        } else {
            let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
            scrub(
                &scrubber,
                BufReader::new(file),
                &mut output,
                args.mask,
                &mut tally,
            )
        };
        match counted {
            // Whoever reads has seen enough, as with `| head`.
            Err(error) if is_broken_pipe(&error) => return Ok(()),
            other => other.with_context(|| format!("scrubbing {}", path.display()))?,
        }
    }
    if !args.quiet {
        eprintln!("{tally}");
    }
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// What was taken out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    lines: usize,
    bytes: usize,
    kinds: BTreeMap<&'static str, usize>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count| if count == 1 { "" } else { "s" };
        let (lines, bytes) = (self.lines, self.bytes);
        write!(
            f,
            "{lines} line{}, {bytes} byte{}",
            plural(lines),
            plural(bytes)
        )?;
        if self.kinds.is_empty() {
            return f.write_str("; nothing was taken out");
        }
        f.write_str("; taken out:")?;
        for (kind, count) in &self.kinds {
            write!(f, " {kind} {count}")?;
        }
        Ok(())
    }
}

fn scrub(
    scrubber: &Scrubber,
    mut input: impl BufRead,
    output: &mut impl Write,
    is_mask: bool,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    // One request: an equal value has an equal pseudonym in the whole file.
    let mut request = scrubber.request(rand_nonce());
    let mut block = Vec::new();
    loop {
        let is_end = !read_block(&mut input, &mut block)?;
        if !block.is_empty() {
            let text = String::from_utf8_lossy(&block);
            tally.lines += text.lines().count();
            tally.bytes += block.len();
            for found in scrubber.find(&text) {
                *tally.kinds.entry(found.kind.as_str()).or_default() += 1;
            }
            let scrubbed = if is_mask {
                scrubber.mask(&text).text.into_owned()
            } else {
                request.replace(&text)
            };
            output.write_all(scrubbed.as_bytes())?;
            block.clear();
        }
        if is_end {
            output.flush()?;
            return Ok(());
        }
    }
}

/// One line, and those after it while a private key is open. `false` at the end of the input.
fn read_block(input: &mut impl BufRead, block: &mut Vec<u8>) -> std::io::Result<bool> {
    loop {
        let before = block.len();
        let mut limited = std::io::Read::take(&mut *input, LONGEST_LINE as u64);
        limited.read_until(b'\n', block)?;
        if block.len() == before {
            return Ok(false);
        }
        let has = |word: &str| {
            let word = word.as_bytes();
            block.windows(word.len()).any(|window| window == word)
        };
        let is_open = has("-----BEGIN ") && !has("-----END ");
        if !is_open || block.len() > BLOCK_BYTES {
            return Ok(true);
        }
    }
}

fn rand_nonce() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str, is_mask: bool) -> (String, Tally) {
        let (mut output, mut tally) = (Vec::new(), Tally::default());
        scrub(
            &Scrubber::new(),
            text.as_bytes(),
            &mut output,
            is_mask,
            &mut tally,
        )
        .unwrap();
        (String::from_utf8(output).unwrap(), tally)
    }

    #[test]
    fn lines_stay_lines_and_what_was_taken_out_is_counted() {
        let (output, tally) = scrubbed(
            "a ada@example.org\nplain\nb ada@example.org pwd=hunter2",
            true,
        );
        assert_eq!(output, "a <EMAIL>\nplain\nb <EMAIL> pwd=<PASSWORD>");
        assert_eq!(
            tally.to_string(),
            "3 lines, 53 bytes; taken out: EMAIL 2 PASSWORD 1"
        );
    }

    #[test]
    fn an_equal_value_has_one_pseudonym_in_the_whole_file() {
        let (output, _) = scrubbed("ada@example.org\nbob@example.org\nada@example.org\n", false);
        let lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines[0], lines[2]);
        assert_ne!(lines[0], lines[1]);
    }

    #[test]
    fn a_private_key_over_many_lines_is_one_value() {
        let key =
            "x\n-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nQUJD\n-----END RSA PRIVATE KEY-----\ny\n";
        assert_eq!(scrubbed(key, true).0, "x\n<PRIVATE_KEY>\ny\n");
    }
}
