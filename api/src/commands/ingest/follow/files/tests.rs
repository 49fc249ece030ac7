//! Files that are written, replaced, cut and deleted while they are read, and runs that end at every point. Time is a
//! parameter: nothing is waited for.

use std::io::Write as _;
use std::time::Duration;

use uuid::Uuid;

use super::*;

const NOW_NS: i64 = 1_795_442_400_000_000_000;

/// A folder of logs, a state file beside it, and all requests that a server has seen, by their keys.
struct Scene {
    folder: tempfile::TempDir,
    pattern: String,
    started: Instant,
    taken: Vec<(Uuid, Vec<String>)>,
    notices: Vec<String>,
}

impl Scene {
    fn new(pattern: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("logs")).unwrap();
        Self {
            folder,
            pattern: pattern.to_owned(),
            started: Instant::now(),
            taken: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("logs").join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// A run that begins.
    fn open(&self) -> Files {
        let pattern = self.path(&self.pattern);
        let pattern = Pattern::new(&pattern, false);
        let state = State::open(&self.folder.path().join("state.json")).unwrap();
        let quiet = Quiet {
            short: Duration::from_millis(250),
            long: Duration::from_secs(5),
        };
        Files::new(vec![pattern], state, None, quiet)
    }

    /// The server: takes each key once.
    fn take(&mut self, round: &Round) {
        if self.taken.iter().any(|(key, _)| *key == round.plan.key) {
            return;
        }
        let messages = round.body.lines().map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["message"].as_str().unwrap().to_owned()
        });
        self.taken.push((round.plan.key, messages.collect()));
    }

    /// Looks and sends until there is nothing, so many milliseconds after the start.
    fn turn(&mut self, files: &mut Files, at_ms: u64) {
        let now = self.started + Duration::from_millis(at_ms);
        files.look(now);
        while let Some(round) = files.again().or_else(|| files.round(now, NOW_NS, false)) {
            files.state.save().unwrap();
            self.take(&round);
            files.done(&round.plan);
        }
        files.state.save().unwrap();
        self.notices.append(&mut files.notices);
    }

    /// Two looks, so that the last record of a quiet file is there.
    fn turns(&mut self, files: &mut Files, at_ms: u64) {
        self.turn(files, at_ms);
        self.turn(files, at_ms + 250);
    }

    fn messages(&self) -> Vec<&str> {
        let all = self.taken.iter().flat_map(|(_, messages)| messages);
        all.map(String::as_str).collect()
    }

    fn sorted(&self) -> Vec<&str> {
        let mut messages = self.messages();
        messages.sort_unstable();
        messages
    }
}

#[test]
fn torn_lines_wait_and_stack_traces_stay_together() {
    let mut scene = Scene::new("app.log");
    scene.append("app.log", "one\nERROR two\n");
    let mut files = scene.open();
    scene.turn(&mut files, 0);
    assert_eq!(scene.messages(), ["one"], "a trace may follow");
    scene.append("app.log", "  at x(y:1)\nthr");
    scene.turn(&mut files, 100);
    scene.turn(&mut files, 350);
    assert_eq!(scene.messages(), ["one", "two\n  at x(y:1)"]);
    scene.append("app.log", "ee\nprompt: ");
    scene.turns(&mut files, 5_300);
    assert_eq!(scene.messages()[2..], ["three"]);
    scene.turn(&mut files, 10_299);
    assert_eq!(scene.messages().len(), 3);
    scene.turn(&mut files, 10_300);
    assert_eq!(
        scene.messages()[3..],
        ["prompt:"],
        "its writer was quiet for long"
    );
}

#[test]
fn a_restart_goes_on_exactly_where_the_last_run_was() {
    let mut scene = Scene::new("*.log");
    scene.append("a.log", "one\ntwo\n");
    scene.append("b.log", "three\n");
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    assert_eq!(scene.sorted(), ["one", "three", "two"]);
    drop(files);
    scene.append("a.log", "four\nfi");
    scene.append("c.log", "six\n");
    let mut files = scene.open();
    scene.turns(&mut files, 1_000);
    scene.append("a.log", "ve\n");
    scene.turns(&mut files, 2_000);
    assert_eq!(
        scene.sorted(),
        ["five", "four", "one", "six", "three", "two"]
    );
}

/// Where a run is killed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Death {
    Planned,
    Saved,
    Sent,
    Done,
}

#[test]
fn a_run_that_is_killed_at_any_point_neither_loses_nor_doubles_a_record() {
    for death in [Death::Planned, Death::Saved, Death::Sent, Death::Done] {
        let mut scene = Scene::new("*.log");
        let mut expected = Vec::new();
        for number in 0..40 {
            let name = format!("{}.log", number % 3);
            let line = format!("line {number:02}");
            scene.append(&name, &format!("{line}\n"));
            expected.push(line);
            // A run that does one thing more than the one before, and dies.
            let mut files = scene.open();
            let now = scene.started + Duration::from_secs(number);
            files.look(now);
            let now = now + Duration::from_millis(300);
            let Some(round) = files
                .again()
                .or_else(|| files.round(now, NOW_NS + number as i64, false))
            else {
                continue;
            };
            if death != Death::Planned {
                files.state.save().unwrap();
            }
            if matches!(death, Death::Sent | Death::Done) {
                scene.take(&round);
            }
            if death == Death::Done {
                files.done(&round.plan);
                if number % 2 == 0 {
                    files.state.save().unwrap();
                }
            }
        }
        let mut files = scene.open();
        scene.turns(&mut files, 100_000);
        assert_eq!(scene.sorted(), expected, "{death:?}");
        assert_eq!(scene.notices, [""; 0], "{death:?}");
    }
}

#[test]
fn a_rotated_file_is_read_to_its_end_beside_the_new_one() {
    let mut scene = Scene::new("app.log");
    scene.append("app.log", "one\n");
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    scene.rename("app.log", "app.log.1");
    // Writers keep it open until they are told.
    scene.append("app.log.1", "two\n");
    scene.append("app.log", "three\n");
    scene.turns(&mut files, 1_000);
    scene.append("app.log.1", "four\n");
    scene.turns(&mut files, 5_000);
    assert_eq!(scene.sorted(), ["four", "one", "three", "two"]);
    scene.turn(&mut files, 11_000);
    assert_eq!(files.count(), 1, "the old one is left");
    // One that is deleted at once is read from its open file.
    scene.append("app.log", "five\n");
    std::fs::remove_file(scene.path("app.log")).unwrap();
    scene.append("app.log", "six\n");
    scene.turns(&mut files, 12_000);
    assert_eq!(
        scene.sorted(),
        ["five", "four", "one", "six", "three", "two"]
    );
    assert_eq!(scene.notices, [""; 0]);
}

#[test]
fn a_file_that_was_rotated_while_nobody_followed_is_found_and_not_read_again() {
    for pattern in ["app.log", "*"] {
        let mut scene = Scene::new(pattern);
        scene.append("app.log", "one\n");
        let mut files = scene.open();
        scene.turns(&mut files, 0);
        drop(files);
        scene.append("app.log", "two\n");
        scene.rename("app.log", "app.log.1");
        scene.append("app.log", "three\n");
        let mut files = scene.open();
        scene.turns(&mut files, 1_000);
        assert_eq!(scene.sorted(), ["one", "three", "two"], "{pattern}");
        // Packed by the rotation: what it holds was read.
        std::fs::write(scene.path("app.log.1.gz"), b"\x1f\x8b\x08packed\n").unwrap();
        std::fs::write(scene.path("packed"), b"\x1f\x8b\x08packed\n").unwrap();
        std::fs::remove_file(scene.path("app.log.1")).unwrap();
        scene.turns(&mut files, 2_000);
        assert_eq!(scene.messages().len(), 3, "{pattern}");
    }
}

#[test]
fn a_file_that_was_cut_is_read_from_its_start_however_long_it_is_again() {
    let mut scene = Scene::new("app.log");
    scene.append("app.log", "a long first line\n");
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    std::fs::write(scene.path("app.log"), "two\n").unwrap();
    scene.turns(&mut files, 1_000);
    // Longer than before at the next look.
    std::fs::write(scene.path("app.log"), "three, which is a long line\nfour\n").unwrap();
    scene.turns(&mut files, 2_000);
    let expected = [
        "a long first line",
        "two",
        "three, which is a long line",
        "four",
    ];
    assert_eq!(scene.messages(), expected);
}

#[test]
fn the_copy_that_copytruncate_makes_gives_only_what_was_not_read() {
    for is_seen_before_the_cut in [false, true] {
        let mut scene = Scene::new("app.log*");
        let one = "one ".repeat(200);
        let one = one.trim_end();
        scene.append("app.log", &format!("{one}\n"));
        let mut files = scene.open();
        scene.turns(&mut files, 0);
        let three = "three ".repeat(200);
        let three = three.trim_end();
        scene.append("app.log", "two, written before the copy\n");
        std::fs::copy(scene.path("app.log"), scene.path("app.log.1")).unwrap();
        if is_seen_before_the_cut {
            scene.turns(&mut files, 1_000);
        }
        std::fs::write(scene.path("app.log"), "three ".repeat(200) + "\n").unwrap();
        scene.turns(&mut files, 2_000);
        scene.turns(&mut files, 3_000);
        let expected = [one, three, "two, written before the copy"];
        assert_eq!(scene.sorted(), expected, "{is_seen_before_the_cut}");
        // Also while nobody followed.
        drop(files);
        scene.append("app.log", "four\n");
        std::fs::copy(scene.path("app.log"), scene.path("app.log.2")).unwrap();
        std::fs::write(scene.path("app.log"), "five\n").unwrap();
        let mut files = scene.open();
        scene.turns(&mut files, 4_000);
        scene.turns(&mut files, 5_000);
        let expected = ["five", "four", one, three, "two, written before the copy"];
        assert_eq!(scene.sorted(), expected, "{is_seen_before_the_cut}");
    }
}

#[test]
fn an_inode_that_another_file_has_now_is_read_from_its_start() {
    let mut scene = Scene::new("*.log");
    scene.append("a.log", "one, a line of some length\n");
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    drop(files);
    // The same inode under another name with other text: as if it had been given away.
    scene.rename("a.log", "b.log");
    std::fs::write(
        scene.path("b.log"),
        "two, which is longer than what was there before\n",
    )
    .unwrap();
    let mut files = scene.open();
    scene.turns(&mut files, 1_000);
    assert_eq!(
        scene.messages()[1..],
        ["two, which is longer than what was there before"]
    );
    let services: Vec<_> = files
        .state
        .kept
        .places
        .values()
        .map(|place| &place.path)
        .collect();
    assert_eq!(services, [&scene.path("b.log")]);
}

#[test]
fn files_of_containers_are_found_through_links_and_bear_where_they_come_from() {
    let mut scene = Scene::new("containers/*.log");
    let id = "0123456789abcdef".repeat(4);
    std::fs::create_dir(scene.path("containers")).unwrap();
    let mut files = scene.open();
    scene.turn(&mut files, 0);
    scene.append("0.log", "2026-11-23T13:00:00.000000001Z stdout P one, \n");
    let link = scene.path(&format!("containers/web-0_shop_app-{id}.log"));
    std::os::unix::fs::symlink(scene.path("0.log"), &link).unwrap();
    scene.turns(&mut files, 1_000);
    assert_eq!(
        scene.messages(),
        [""; 0],
        "the rest of the split line is not there"
    );
    scene.append("0.log", "2026-11-23T13:00:00.000000001Z stdout F two\n");
    let now = scene.started + Duration::from_secs(2);
    files.look(now);
    let round = files
        .round(now + Duration::from_millis(250), NOW_NS, false)
        .unwrap();
    let record: serde_json::Value = serde_json::from_str(&round.body).unwrap();
    for (key, value) in [
        ("message", "one, two"),
        ("service", "web"),
        ("namespace", "shop"),
        ("pod", "web-0"),
        ("container", "app"),
        ("stream", "stdout"),
    ] {
        assert_eq!(record[key], value, "{key}");
    }
    files.done(&round.plan);
    // The kubelet rotates the file behind the link.
    scene.append("0.log", "2026-11-23T13:00:01.000000001Z stdout F three\n");
    scene.rename("0.log", "0.log.20261123-130001");
    scene.append("0.log", "2026-11-23T13:00:02.000000001Z stdout F four\n");
    scene.turns(&mut files, 3_000);
    assert_eq!(scene.sorted(), ["four", "three"]);
}

#[test]
fn many_files_take_turns_and_few_are_open() {
    let mut scene = Scene::new("*.log");
    for number in 0..1_500 {
        scene.append(&format!("{number}.log"), &format!("line {number}\n"));
    }
    scene.append("big.log", &"line of the big file\n".repeat(10_000));
    let mut files = scene.open();
    files.look(scene.started);
    let open = |files: &Files| {
        files
            .tails
            .values()
            .filter(|tail| tail.file.is_some())
            .count()
    };
    assert!(open(&files) <= MOST_OPEN);
    let now = scene.started + Duration::from_millis(250);
    let mut rounds = 0;
    while let Some(round) = files.round(now, NOW_NS, false) {
        assert!(round.body.lines().count() <= ROUND_RECORDS + 1);
        assert!(round.plan.parts.len() <= ROUND_PARTS);
        assert!(open(&files) <= MOST_OPEN);
        scene.take(&round);
        files.done(&round.plan);
        rounds += 1;
    }
    assert_eq!(scene.messages().len(), 11_500);
    assert!(rounds < 20, "{rounds}");
}

#[test]
fn lines_without_an_end_and_blank_ones_get_on() {
    let mut scene = Scene::new("app.log");
    scene.append("app.log", &"\n".repeat(1_000));
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    assert_eq!(scene.messages(), [""; 0]);
    scene.append("app.log", &"x".repeat(9 * 1024 * 1024));
    scene.append("app.log", "\nend\n");
    scene.turns(&mut files, 1_000);
    let messages = scene.messages();
    assert_eq!(messages.last(), Some(&"end"));
    assert!(messages.len() >= 3 && messages[0].len() > 1_000_000);
}

#[test]
fn a_plan_whose_bytes_are_gone_is_given_up_with_a_word() {
    let mut scene = Scene::new("*.log");
    scene.append("a.log", "one\n");
    scene.append("b.log", "two\n");
    let mut files = scene.open();
    let now = scene.started + Duration::from_millis(250);
    files.look(scene.started);
    files.round(now, NOW_NS, false).unwrap();
    files.state.save().unwrap();
    drop(files);
    std::fs::write(scene.path("a.log"), "").unwrap();
    std::fs::write(scene.path("a.log"), "new\n").unwrap();
    let mut files = scene.open();
    scene.turns(&mut files, 1_000);
    assert_eq!(scene.sorted(), ["new", "two"]);
    assert_eq!(scene.notices.len(), 1);
}

#[test]
fn a_new_file_that_begins_like_the_old_one_loses_no_line() {
    let mut scene = Scene::new("app.log*");
    scene.append("app.log", "started\n");
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    scene.rename("app.log", "app.log.1");
    scene.append("app.log", "started\n");
    scene.turns(&mut files, 1_000);
    assert_eq!(scene.messages(), ["started", "started"]);
}

#[test]
fn a_split_line_whose_end_never_comes_does_not_hold_up_the_others() {
    let mut scene = Scene::new("app.log");
    let cri = |stream: &str, tag: &str, text: &str| {
        format!("2026-11-23T13:00:00.000000001Z {stream} {tag} {text}\n")
    };
    scene.append("app.log", &cri("stdout", "P", "half"));
    let mut files = scene.open();
    for second in 0..8 {
        scene.append("app.log", &cri("stderr", "F", &format!("line {second}")));
        scene.append("app.log", "2026-11-23T13:00:00.000000001Z stderr F to");
        scene.turn(&mut files, second * 1_000);
        scene.append("app.log", "rn\n");
    }
    let messages = scene.messages();
    assert!(
        messages.contains(&"half") && messages.contains(&"line 4"),
        "{messages:?}"
    );
    assert!(!messages.contains(&"to"), "{messages:?}");
}

#[test]
fn a_file_that_grows_while_it_is_read_and_is_renamed_then_is_not_read_again() {
    let mut scene = Scene::new("app.log");
    scene.append("app.log", "one\n");
    let mut files = scene.open();
    files.look(scene.started);
    scene.append("app.log", "two\nthree\n");
    let round = files
        .round(scene.started + Duration::from_millis(300), NOW_NS, false)
        .unwrap();
    scene.take(&round);
    files.done(&round.plan);
    scene.rename("app.log", "app.log.1");
    scene.append("app.log", "four\n");
    scene.turns(&mut files, 1_000);
    assert_eq!(scene.sorted(), ["four", "one", "three", "two"]);
}

#[test]
fn a_file_that_was_only_seen_before_a_restart_is_found_under_its_new_name() {
    let mut scene = Scene::new("app.log");
    let mut files = scene.open();
    scene.append("app.log", "one\n");
    files.look(scene.started);
    files.state.save().unwrap();
    drop(files);
    scene.rename("app.log", "app.log.1");
    scene.append("app.log", "two\n");
    let mut files = scene.open();
    scene.turns(&mut files, 1_000);
    assert_eq!(scene.sorted(), ["one", "two"]);
}

#[test]
fn a_copy_that_was_seen_before_a_restart_is_still_known_as_one() {
    // The order in which files are found is not known: several copies, one of which would come first.
    let names: Vec<String> = (0..8).map(|number| format!("app{number}.log")).collect();
    let mut scene = Scene::new("*");
    let long = "long ".repeat(200);
    for name in &names {
        scene.append(name, &format!("{name} {long}\n"));
    }
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    for name in &names {
        std::fs::copy(scene.path(name), scene.path(&format!("{name}.1"))).unwrap();
    }
    scene.turns(&mut files, 1_000);
    drop(files);
    for name in &names {
        std::fs::write(scene.path(name), "").unwrap();
    }
    let mut files = scene.open();
    scene.turns(&mut files, 2_000);
    scene.turns(&mut files, 60_000);
    assert_eq!(scene.messages().len(), names.len());
}

#[test]
fn the_copy_of_a_file_that_was_hardly_read_is_known_as_one() {
    let mut scene = Scene::new("app.log*");
    scene.append("app.log", "one\n");
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    scene.append("app.log", &"two ".repeat(200));
    scene.append("app.log", "\n");
    std::fs::copy(scene.path("app.log"), scene.path("app.log.1")).unwrap();
    scene.turns(&mut files, 1_000);
    std::fs::write(scene.path("app.log"), "three\n").unwrap();
    scene.turns(&mut files, 2_000);
    scene.turns(&mut files, 3_000);
    assert_eq!(scene.messages().len(), 3, "{:?}", scene.messages());
}

#[test]
fn a_file_that_only_begins_like_another_is_read_whole() {
    let mut scene = Scene::new("app.log*");
    let banner = "banner ".repeat(100);
    scene.append("app.log", &format!("{banner}\none\ntwo\n"));
    let mut files = scene.open();
    scene.turns(&mut files, 0);
    scene.append("app.log.1", &format!("{banner}\nuno\ndue\ntre\n"));
    for moment in [1_000, 2_000, 40_000, 41_000, 42_000] {
        scene.turns(&mut files, moment);
    }
    assert_eq!(scene.messages().len(), 7, "{:?}", scene.messages());
}
