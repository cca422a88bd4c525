//! PostgreSQL: a server of its own for the tests, never the machine's.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
};

use super::{Said, Skipped, on_path, said};

const NAME: &str = "postgres";

/// Keeps the server as long as somebody holds the other end of its standard input, so that one whose test was killed ends as well.
///
/// It is given the folder of the programs and the password. It says the server's folder when the server can be reached, takes `crash`
/// for an order to end it without letting it finish anything, and says `up` when it is there again.
const KEEPER: &str = r#"
set -eu
umask 077
folder=$(mktemp -d "${TMPDIR:-/tmp}/segl-postgres.XXXXXX")
server=
trap '[ -z "$server" ] || { kill -INT "$server" 2>/dev/null && wait "$server" || true; }; rm -rf "$folder"' EXIT
printf %s "$2" > "$folder/password"
start() {
    "$1/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c log_min_messages=fatal >> "$folder/log" 2>&1 &
    server=$!
    until "$1/pg_isready" -q -h "$folder" -U segl -d postgres; do
        kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
        sleep 0.05
    done
}
"$1/initdb" -D "$folder/data" --username=segl --pwfile="$folder/password" --auth=scram-sha-256 --encoding=UTF8 \
    --no-locale --no-sync > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
start "$1"
echo "$folder"
while read -r order; do
    [ "$order" = crash ] || continue
    kill -QUIT "$server"
    wait "$server" || true
    start "$1"
    echo up
done
"#;

/// A server in a folder of its own that listens on a socket there and nowhere else; it ends, and the folder goes, with this or with the
/// process.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    keeper: Mutex<Keeper>,
}

#[derive(Debug)]
struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Postgres {
    /// A superuser.
    pub const USER: &'static str = "segl";
    /// The password of that user, without which nobody is let in.
    pub const PASSWORD: &'static str = "not-to-be-seen-4711";
    /// The port, which only names the socket.
    pub const PORT: u16 = 5432;

    /// The server that the tests of one process share.
    ///
    /// # Errors
    /// PostgreSQL is not here.
    pub fn shared() -> Result<&'static Self, Skipped> {
        static SHARED: OnceLock<Result<Postgres, Skipped>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(Clone::clone)
    }

    /// Starts a server.
    ///
    /// # Errors
    /// PostgreSQL is not here, or there is no user it agrees to run as.
    pub fn start() -> Result<Self, Skipped> {
        let programs = programs()?;
        let skipped = |why: String| Skipped { peer: NAME, why };
        let mut command = unprivileged()?;
        command.args(["sh", "-c", KEEPER, "segl-postgres"]).arg(&programs).arg(Self::PASSWORD);
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| skipped(error.to_string()))?;
        let orders = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut folder = String::new();
        answers.read_line(&mut folder).map_err(|error| skipped(error.to_string()))?;
        assert!(!folder.is_empty(), "PostgreSQL is here and does not start");
        let keeper = Mutex::new(Keeper { child, orders, answers });
        Ok(Self { programs, folder: folder.trim_end().into(), keeper })
    }

    /// The folder of the server, with its socket; the database is in `data` below it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends the server in the middle of what it does, as a loss of power would for it, and starts it again.
    ///
    /// # Errors
    /// It does not come back.
    pub fn crash(&self) -> io::Result<()> {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.orders.as_mut().unwrap(), "crash")?;
        let mut answer = String::new();
        keeper.answers.read_line(&mut answer)?;
        if answer == "up\n" { Ok(()) } else { Err(io::Error::other("the server did not come back")) }
    }

    /// Runs one of the programs beside the server, such as `pg_dump`, against it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Said> {
        let mut command = Command::new(self.programs.join(program));
        command.env("PGHOST", &self.folder).env("PGUSER", Self::USER).env("PGPASSWORD", Self::PASSWORD);
        said(command.env("PGPORT", Self::PORT.to_string()).args(arguments))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(keeper) = self.keeper.get_mut() {
            keeper.orders = None;
            let _ = keeper.child.wait();
        }
    }
}

/// The folder of the programs: `SEGL_PEER_POSTGRES`, or that of `initdb` on `PATH`, or the newest where Debian puts them.
fn programs() -> Result<PathBuf, Skipped> {
    const VARIABLE: &str = "SEGL_PEER_POSTGRES";
    match std::env::var_os(VARIABLE) {
        Some(path) if path.is_empty() => {
            return Err(Skipped { peer: NAME, why: format!("{VARIABLE} switches it off") });
        }
        Some(path) => return Ok(path.into()),
        None => {}
    }
    let beside =
        on_path("initdb").and_then(|initdb| initdb.canonicalize().ok()?.parent().map(Path::to_owned));
    let debian = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
        let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = versions.map(|version| version.path()).max_by_key(|path| number(path))?;
        Some(newest.join("bin")).filter(|bin| bin.join("initdb").is_file())
    };
    beside.or_else(debian).ok_or_else(|| Skipped { peer: NAME, why: "no initdb here".to_owned() })
}

/// The beginning of a command that runs as somebody else than root, as whom the server does not run.
fn unprivileged() -> Result<Command, Skipped> {
    let number =
        |arguments: &[&str]| said(Command::new("id").args(arguments)).ok().filter(|said| said.success);
    if number(&["-u"]).is_none_or(|said| said.text.trim() != "0") {
        return Ok(Command::new("env"));
    }
    let user = ["postgres", "nobody"].into_iter().find(|user| number(&["-u", user]).is_some());
    let (Some(user), Some(runuser)) = (user, on_path("runuser")) else {
        return Err(Skipped {
            peer: NAME,
            why: "it does not run as root, and nobody else is to be had".to_owned(),
        });
    };
    let mut command = Command::new(runuser);
    command.args(["-u", user, "--"]);
    Ok(command)
}
