//! Answers kept in a folder: whole or not at all, bounded, for their owner only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use segl_crypto::Time;
use segl_fetch::{Cache, CacheError, CacheKey, Entry, FileCache};

const NOW: Time = Time::from_unix(1_795_608_000);
const SECOND: Duration = Duration::from_secs(1);
/// Octets of a file beside the answer.
const OVERHEAD: u64 = 112;

fn entry(octets: Vec<u8>) -> Entry {
    Entry::new(octets.into(), NOW, Some(NOW - SECOND), NOW + 60 * SECOND)
}

fn key(n: usize) -> CacheKey {
    CacheKey::new("test", &n.to_be_bytes())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect()
}

#[test]
fn what_is_put_is_got_by_another_process_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let cache = FileCache::open(&path, 1 << 20, NOW).unwrap();
    for octets in [vec![], vec![1], vec![7; 100_000]] {
        cache.put(&key(1), &entry(octets.clone()), NOW).unwrap();
        let again = FileCache::open(&path, 1 << 20, NOW).unwrap();
        assert_eq!(again.get(&key(1), NOW), Some(entry(octets)));
    }
    let without = Entry::new(Arc::from(b"x".as_slice()), NOW, None, NOW + SECOND);
    cache.put(&key(2), &without, NOW).unwrap();
    assert_eq!(cache.get(&key(2), NOW), Some(without));
    assert_eq!(cache.get(&key(3), NOW), None);
    assert_eq!(files(&path).len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert!(files(&path).iter().all(|file| mode(file) == 0o600));
    }
    cache.remove(&key(1));
    cache.remove(&key(1));
    assert_eq!(cache.get(&key(1), NOW), None);
}

#[test]
fn time_is_respected() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCache::open(folder.path(), 1 << 20, NOW).unwrap();
    cache.put(&key(1), &entry(vec![1]), NOW).unwrap();
    assert!(cache.get(&key(1), NOW - SECOND).is_none(), "from the future");
    assert!(cache.get(&key(1), NOW + 59 * SECOND).is_some());
    assert!(cache.get(&key(1), NOW + 60 * SECOND).is_none(), "over");
    assert!(files(folder.path()).is_empty(), "what is over is removed");
}

/// Every octet counts: a file that was changed anywhere is dropped, never used.
#[test]
fn a_broken_file_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCache::open(folder.path(), 1 << 20, NOW).unwrap();
    let put = || {
        cache.put(&key(1), &entry(b"octets".to_vec()), NOW).unwrap();
        folder.path().join(format!("{}.answer", key(1)))
    };
    let whole = fs::read(put()).unwrap();
    assert_eq!(whole.len() as u64, 6 + OVERHEAD);
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 1;
        fs::write(put(), &broken).unwrap();
        assert_eq!(cache.get(&key(1), NOW), None, "octet {at}");
        assert!(files(folder.path()).is_empty(), "octet {at}");
    }
    for length in 0..whole.len() {
        fs::write(put(), &whole[..length]).unwrap();
        assert_eq!(cache.get(&key(1), NOW), None, "{length} octets");
        assert!(files(folder.path()).is_empty(), "{length} octets");
    }
    fs::write(put(), [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(cache.get(&key(1), NOW), None);
    // A whole file under another's name.
    let name = put();
    cache.put(&key(2), &entry(b"other".to_vec()), NOW).unwrap();
    let other = folder.path().join(format!("{}.answer", key(2)));
    fs::copy(&other, &name).unwrap();
    assert_eq!(cache.get(&key(1), NOW), None);
    assert!(cache.get(&key(2), NOW).is_some());
    // Larger than the cache may ever hold: not even read.
    fs::write(put(), vec![7; 2 << 20]).unwrap();
    assert_eq!(cache.get(&key(1), NOW), None);
}

#[test]
fn the_size_is_bounded_and_what_is_used_stays() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 3 * (1_000 + OVERHEAD);
    let cache = FileCache::open(folder.path(), limit, NOW).unwrap();
    let there = |now: Time| (1..=4).map(|n| cache.get(&key(n), now).is_some()).collect::<Vec<_>>();
    for n in 1..=3_u32 {
        cache.put(&key(n as usize), &entry(vec![7; 1_000]), NOW + n * SECOND).unwrap();
    }
    assert!(cache.get(&key(1), NOW + 4 * SECOND).is_some());
    cache.put(&key(4), &entry(vec![7; 1_000]), NOW + 5 * SECOND).unwrap();
    assert_eq!(there(NOW + 6 * SECOND), [true, false, true, true]);
    let too_large = cache.put(&key(2), &entry(vec![7; limit as usize]), NOW);
    assert!(matches!(too_large, Err(CacheError::TooLarge { .. })));
    assert_eq!(there(NOW + 7 * SECOND), [true, false, true, true]);
    let size = files(folder.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum::<u64>();
    assert!(size <= limit);
    // A smaller limit at the next start.
    let smaller = FileCache::open(folder.path(), 1_000 + OVERHEAD, NOW).unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    assert_eq!(there(NOW).into_iter().filter(|is_there| *is_there).count(), 1);
    drop(smaller);
}

#[test]
fn other_files_are_left_alone_and_leftovers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = folder.path().join("README");
    fs::write(&stranger, vec![7; 10_000]).unwrap();
    let leftover = folder.path().join(".unfinished-1-0");
    let fresh = folder.path().join(".unfinished-1-1");
    for (path, age) in [(&leftover, 3_601), (&fresh, 3_599)] {
        let file = fs::File::create(path).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unix_seconds() as u64 - age);
        file.set_modified(at).unwrap();
    }
    let cache = FileCache::open(folder.path(), 1_000, NOW).unwrap();
    cache.put(&key(1), &entry(vec![7; 500]), NOW).unwrap();
    assert!(stranger.exists() && fresh.exists() && !leftover.exists());
    assert!(cache.get(&key(1), NOW).is_some());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(FileCache::open(&file, 1_000, NOW).is_err());
    let path = folder.path().join("cache");
    let cache = FileCache::open(&path, 1_000, NOW).unwrap();
    fs::remove_dir_all(&path).unwrap();
    assert!(matches!(cache.put(&key(1), &entry(vec![]), NOW), Err(CacheError::Io(_))));
    assert_eq!(cache.get(&key(1), NOW), None);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCache::open(folder.path(), 1 << 20, NOW).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    cache.put(&key(1), &entry(b"octets".to_vec()), NOW).unwrap();
    let path = folder.path().join(format!("{}.answer", key(1)));
    fs::rename(&path, &elsewhere).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(cache.get(&key(1), NOW), None);
    // Writing replaces the link and not what it leads to.
    cache.put(&key(1), &entry(b"others".to_vec()), NOW).unwrap();
    assert_eq!(cache.get(&key(1), NOW), Some(entry(b"others".to_vec())));
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
}

#[test]
fn threads_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCache::open(folder.path(), 20_000, NOW).unwrap();
    thread::scope(|scope| {
        for thread in 0..4_usize {
            let cache = &cache;
            scope.spawn(move || {
                for n in 0..100_usize {
                    let n = (n + thread) % 10;
                    cache.put(&key(n), &entry(vec![n as u8; 1_000 + thread]), NOW).unwrap();
                    if let Some(found) = cache.get(&key(n), NOW) {
                        assert!(found.octets.iter().all(|octet| *octet == n as u8));
                    }
                }
            });
        }
    });
    assert!(files(folder.path()).iter().all(|file| file.extension().is_some()), "nothing is left behind");
}

/// A process that is killed while it writes leaves answers that are whole, or none.
#[test]
fn killed_in_the_middle_of_writing() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 1 << 24;
    let (mut found, mut leftovers) = (0, 0);
    for round in 0..25_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_killed", "--ignored"])
            .env("SEGL_FETCH_TEST_FOLDER", folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(40 + 7 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        leftovers += files(folder.path()).iter().filter(|file| file.extension().is_none()).count();
        let cache = FileCache::open(folder.path(), limit, NOW).unwrap();
        for n in 0..4 {
            if let Some(entry) = cache.get(&key(n), NOW) {
                assert_eq!(entry.octets.len(), 400_000 + n);
                assert!(entry.octets.iter().all(|octet| *octet == n as u8));
                found += 1;
            }
        }
    }
    println!("{found} answers found whole, {leftovers} left unfinished");
    assert!(found > 0, "the child never came to write");
    let size = files(folder.path()).iter().map(|file| fs::metadata(file).unwrap().len()).sum::<u64>();
    assert!(size <= limit);
    // What was left behind goes when it is old.
    let modified = |file: &PathBuf| fs::metadata(file).unwrap().modified().unwrap();
    let latest = files(folder.path()).iter().map(modified).max().unwrap();
    FileCache::open(folder.path(), limit, Time::from(latest + Duration::from_secs(3_700))).unwrap();
    assert!(files(folder.path()).iter().all(|file| file.extension().is_some()));
}

#[test]
#[ignore = "run by killed_in_the_middle_of_writing"]
fn writes_until_killed() {
    let cache = FileCache::open(std::env::var_os("SEGL_FETCH_TEST_FOLDER").unwrap(), 1 << 24, NOW).unwrap();
    loop {
        for n in 0..4 {
            cache.put(&key(n), &entry(vec![n as u8; 400_000 + n]), NOW).unwrap();
        }
    }
}
