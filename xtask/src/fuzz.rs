//! `cargo xtask fuzz`: a short run of every fuzz target, from seeds that our own code makes.

use std::{fs, path::Path, process::Command, time::Instant};

use crate::{
    process::{TaskError, cache, cargo, output, succeed, workspace},
    tools::CARGO_FUZZ,
};

/// Makes the seeds, builds the targets (all, or those named) and runs each for a while.
pub(crate) fn run(arguments: &[String]) -> Result<(), TaskError> {
    let (mut seconds, mut only_seeds, mut named) = (10_u32, false, Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seeds" => only_seeds = true,
            "--seconds" => {
                seconds = rest
                    .next()
                    .and_then(|value| value.parse().ok())
                    .ok_or_else(|| TaskError::Usage { what: "--seconds wants a whole number".to_owned() })?;
            }
            option if option.starts_with('-') => {
                return Err(TaskError::Usage { what: format!("fuzz has no option {option:?}") });
            }
            target => named.push(target.to_owned()),
        }
    }

    let folder = workspace().join("fuzz");
    make_seeds(&folder)?;
    if only_seeds {
        return Ok(());
    }
    let tool = CARGO_FUZZ.find_or_build()?;
    // Outside the checkout, so that a fresh clone does not build libFuzzer and every dependency again.
    let built = cache()?.join("fuzz-target");
    let started = Instant::now();
    // The sanitizers are options of the unstable compiler; the variable opens them in a stable one.
    let fuzz = |verb: &str| {
        let mut command = Command::new(&tool);
        command.args(["fuzz", verb, "--target-dir"]).arg(&built);
        command.current_dir(&folder).env("RUSTC_BOOTSTRAP", "1");
        command
    };
    succeed(&mut fuzz("build"))?;
    println!("fuzz targets built in {} s", started.elapsed().as_secs());
    let targets = if named.is_empty() { targets(&tool, &folder)? } else { named };
    for target in &targets {
        let mut command = fuzz("run");
        command.arg(target).args(["--", "-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1"]);
        let output = output(command.arg(format!("-max_total_time={seconds}")))?;
        let log = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            eprintln!("{}", tail(&log));
            return Err(TaskError::Failed {
                program: format!("fuzzing {target}"),
                status: output.status.to_string(),
            });
        }
        let runs = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        println!("{target}: {} runs, nothing found", runs.unwrap_or("no word on how many").trim());
    }
    Ok(())
}

/// The end of a log: the input that was found, and what it broke.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines.get(lines.len().saturating_sub(80)..).unwrap_or(&lines).join("\n")
}

/// Writes the seeds to `fuzz/corpus/TARGET`, where `cargo fuzz run TARGET` looks for them.
fn make_seeds(folder: &Path) -> Result<(), TaskError> {
    let corpus = folder.join("corpus");
    fs::create_dir_all(&corpus).map_err(TaskError::file(&corpus))?;
    let mut seeds = cargo();
    seeds
        .args([
            "run",
            "--quiet",
            "--package",
            "segl-testkit",
            "--features",
            "sealing",
            "--example",
            "fuzz_seeds",
            "--",
        ])
        .arg(&corpus);
    succeed(&mut seeds)
}

fn targets(tool: &Path, folder: &Path) -> Result<Vec<String>, TaskError> {
    let output = output(Command::new(tool).args(["fuzz", "list"]).current_dir(folder))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let targets: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if targets.is_empty() {
        return Err(TaskError::Answer { program: "cargo fuzz list", what: "no targets".to_owned() });
    }
    Ok(targets)
}
