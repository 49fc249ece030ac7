use super::*;

#[test]
fn names_fit_stars_question_marks_and_classes() {
    for (pattern, name, expected) in [
        ("*.log", "app.log", true),
        ("*.log", "app.log.1", false),
        ("*.log", ".hidden.log", false),
        (".*", ".hidden.log", true),
        ("app-?.log", "app-1.log", true),
        ("app-?.log", "app-12.log", false),
        ("app-[0-9]*", "app-12.log", true),
        ("app-[!0-9]*", "app-12.log", false),
        ("app-[ab]", "app-b", true),
        ("*a*b*c", "xxaxxbxxc", true),
        ("*a*b*c", "xxaxxbxx", false),
        ("a[", "a[", true),
        ("[]]", "]", true),
        ("*", "", true),
        ("", "a", false),
    ] {
        assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn a_pattern_that_tries_everything_ends() {
    let pattern = "*a".repeat(30);
    assert!(!fits(&pattern, &"a".repeat(200).replace("aa", "ab")));
}

fn found(argument: &Path, is_recursive: bool) -> Vec<String> {
    let mut names = Vec::new();
    // Whether what is named is there is looked at later.
    Pattern::new(argument, is_recursive).each(&mut |path| {
        if !path.exists() {
            return;
        }
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    });
    names.sort();
    names
}

#[test]
fn folders_have_files_and_patterns_go_through_folders() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name);
    std::fs::create_dir_all(path("pods/shop/web")).unwrap();
    for name in [
        "a.log",
        "b.log.gz",
        ".c",
        "pods/d.log",
        "pods/shop/web/0.log",
    ] {
        std::fs::write(path(name), "x").unwrap();
    }
    // A link back must not be followed for ever.
    std::os::unix::fs::symlink(root.path(), path("pods/again")).unwrap();
    assert_eq!(found(root.path(), false), ["a.log", "pods"]);
    let all = found(root.path(), true);
    assert!(all.contains(&"0.log".into()) && all.contains(&"d.log".into()));
    assert_eq!(found(&path("*.log"), false), ["a.log"]);
    assert_eq!(found(&path("pods/*/web/*.log"), false), ["0.log"]);
    assert_eq!(found(&path("pods/*/*/0.log"), false), ["0.log"]);
    assert_eq!(found(&path("**/*.log"), false), ["0.log", "a.log", "d.log"]);
    assert_eq!(found(&path("missing/*.log"), false), [""; 0]);
    assert!(Pattern::new(&path("missing.log"), false).is_one_file());
    // A name with brackets that exists is that file.
    std::fs::write(path("x[1].log"), "x").unwrap();
    assert!(Pattern::new(&path("x[1].log"), false).is_one_file());
}
