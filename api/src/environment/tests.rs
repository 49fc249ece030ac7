use super::*;

#[test]
fn a_broken_file_is_refused_with_the_line_but_not_its_content() {
    check("# a comment\n\nA=1\nexport B='two words'\nC=\n").unwrap();
    for (text, line) in [
        ("A=1\nhunter2 is the password\nB=2\n", "line 2"),
        ("A=1\nB=two words\n", "line 2"),
        ("# x\n\nA=1\n=hunter2\n", "line 4"),
    ] {
        let error = check(text).unwrap_err().to_string();
        assert!(error.contains(line), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_folder_without_a_file_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    load_file(folder.path()).unwrap();
}
