use super::*;

#[test]
fn a_files_name_gives_the_service_without_dates_and_endings() {
    let service = |path: &str| file_service(Path::new(path));
    assert_eq!(
        service("/var/log/Checkout-2026-11-23.log.1"),
        Some("checkout".into())
    );
    assert_eq!(service("nginx_access.log"), Some("nginx_access".into()));
    assert_eq!(service("2026.log"), None);
}
