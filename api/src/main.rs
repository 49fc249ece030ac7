//! The `vigil` executable.

use std::process::ExitCode;

use api::cli::{Cli, Command, IndexCommand};
use api::commands::{
    ask, detect, digest, export, ingest, mcp, models, operate, policy, scenario, scrub, sql, tail,
    upkeep,
};
use api::config::Config;
use api::{demo, environment, run, telemetry};
use clap::{CommandFactory as _, FromArgMatches as _};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = std::env::current_dir()
        .map_err(anyhow::Error::from)
        .and_then(|folder| environment::load_file(&folder))
        .and_then(|()| {
            let matches = environment::without_empty(Cli::command()).get_matches();
            start(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vigil: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    let config = Config::load(&cli.settings)?;
    let is_trial = environment::arm_failpoint()?;
    let is_server = matches!(cli.command, None | Some(Command::Serve | Command::Demo(_)));
    telemetry::init_logging(
        config.log_format,
        if is_server {
            "info,qdrant_edge=error"
        } else {
            "warn,qdrant_edge=error"
        },
    );
    if is_trial {
        tracing::warn!("a failpoint is armed: this process will end itself there");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("vigil")
        .build()?;
    let outcome = match cli.command {
        None | Some(Command::Serve) => runtime.block_on(run::serve(&config)),
        Some(Command::Demo(args)) => runtime.block_on(demo::run(&config, &args)),
        Some(Command::Scenario(command)) => runtime.block_on(scenario::run(command, &config)),
        Some(Command::Ingest(args)) => runtime.block_on(ingest::run(args, &config)),
        Some(Command::Ask(args)) => runtime.block_on(ask::run(args, &config)),
        Some(Command::Digest(args)) => runtime.block_on(digest::run(args, &config)),
        Some(Command::Mcp { remote }) => runtime.block_on(mcp::run(remote, &config)),
        Some(Command::Sql(args)) => runtime.block_on(sql::run(args, &config)),
        Some(Command::Scrub(args)) => scrub::run(&args, &config),
        Some(Command::Tail(args)) => runtime.block_on(tail::run(args, &config)),
        Some(Command::Export(args)) => runtime.block_on(export::run(args, &config)),
        Some(Command::Detect { from, to, remote }) => {
            runtime.block_on(detect::run(from, to, &remote, &config))
        }
        Some(Command::Migrate) => operate::migrate(&config),
        Some(Command::Tier { older_than_days }) => upkeep::tier(&config, older_than_days),
        Some(Command::Check) => upkeep::check(&config),
        Some(Command::Models(command)) => models::run(&command, &config),
        Some(Command::Index(IndexCommand::Rebuild)) => operate::rebuild_index(&config),
        Some(Command::Policy(command)) => policy::run(&command),
        Some(Command::Token(command)) => operate::token(&command, &config),
        Some(Command::ResetPassword { name }) => operate::reset_password(&name, &config),
        Some(Command::Config) => {
            println!("{config:#?}");
            Ok(())
        }
    };
    // A model that is being fetched must not hold up the end of the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    outcome
}
