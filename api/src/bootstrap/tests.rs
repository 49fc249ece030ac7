use super::*;
use crate::cli::Settings;

fn config(folder: &std::path::Path) -> Config {
    Config::load(&Settings {
        data_dir: Some(folder.to_owned()),
        ..Settings::default()
    })
    .unwrap()
}

#[test]
fn a_client_command_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let error = local_session(&config(&data)).unwrap_err();
    assert!(
        error.to_string().contains("start the server once"),
        "{error:#}"
    );
    assert!(!data.exists());
    // A file that is no migrated store is left as it is.
    std::fs::create_dir(&data).unwrap();
    let file = data.join(store::SQLITE_FILE);
    std::fs::write(&file, "").unwrap();
    let error = local_session(&config(&data)).unwrap_err();
    assert!(format!("{error:#}").contains("not ready"), "{error:#}");
    let opened = open(&config(&data)).unwrap();
    let error = local_session(&config(&data)).unwrap_err();
    assert!(error.to_string().contains("no admin yet"), "{error:#}");
    first_secrets(&opened.store, opened.project_id)
        .unwrap()
        .unwrap();
    local_session(&config(&data)).unwrap();
}
