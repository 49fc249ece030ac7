use super::*;

#[test]
fn the_command_is_what_a_shell_finds() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let bin = root.join("target/release");
    std::fs::create_dir_all(&bin).unwrap();
    let executable = bin.join("vigil");
    std::fs::write(&executable, "").unwrap();
    let other = root.join("other");
    std::fs::create_dir(&other).unwrap();

    let shown = |folder: &Path, path: &Path| short(&executable, folder, path.as_os_str());
    assert_eq!(shown(&root, &bin), Path::new("vigil"));
    assert_eq!(shown(&root, &other), Path::new("target/release/vigil"));
    assert_eq!(shown(&bin, &other), Path::new("./vigil"));
    assert_eq!(shown(&other, &other), executable);
    // Another program of that name comes first.
    std::fs::write(other.join("vigil"), "").unwrap();
    assert_eq!(shown(&root, &other), Path::new("target/release/vigil"));
}
