use store::StoreConfig;

use super::*;

fn read(text: &str) -> anyhow::Result<Vec<ScrapeTarget>> {
    #[derive(Deserialize)]
    struct File {
        scrape: Vec<ScrapeConfig>,
    }
    let folder = tempfile::tempdir()?;
    let store = Store::open(&StoreConfig::in_data_dir(folder.path()))?;
    store.migrate()?;
    let default = store.ensure_project("default", 1)?.id;
    store.ensure_project("other", 2)?;
    let file: File = toml::from_str(text)?;
    targets(&file.scrape, &store, default)
}

fn refused(text: &str) -> String {
    let error = read(text).err();
    format!("{:#}", error.unwrap_or_else(|| panic!("{text} is taken")))
}

#[test]
fn an_entry_has_the_defaults_of_prometheus_but_for_the_interval() {
    let found = read("[[scrape]]\nname = 'node'\ntargets = ['10.0.0.5:9100', 'node']").unwrap();
    let [first, second] = found.as_slice() else {
        panic!("{} targets", found.len());
    };
    assert_eq!(first.interval, Duration::from_secs(30));
    assert_eq!(first.timeout, Duration::from_secs(10));
    assert_eq!(first.labels.labels["job"], "node");
    assert_eq!(first.labels.labels["instance"], "10.0.0.5:9100");
    assert_eq!(second.labels.labels["instance"], "node:80");
    assert!(!first.labels.honor_labels);
}

#[test]
fn everything_of_an_entry_is_read() {
    let text = "\
[[scrape]]
name = 'shop'
targets = ['https://shop.example.com/internal/metrics?all=1', 'http://127.0.0.1:9100', '[::1]:9100']
metrics_path = '/stats'
interval = '1m'
timeout = '2.5s'
basic_auth = { username = 'vigil', password = 'secret' }
labels = { env = 'test', instance = 'fixed' }
project = 'other'
honor_labels = true
[[scrape]]
name = 'quick'
targets = ['localhost:1']
interval = '5s'
bearer_token = 'token'
";
    let error = refused(text);
    assert!(error.contains("'fixed' stands there twice"), "{error}");
    let found = read(&text.replace(", instance = 'fixed'", "")).unwrap();
    let instances = found
        .iter()
        .map(|target| target.labels.labels["instance"].as_str());
    let expected = [
        "shop.example.com:443",
        "127.0.0.1:9100",
        "[::1]:9100",
        "localhost:1",
    ];
    assert_eq!(instances.collect::<Vec<_>>(), expected);
    assert_eq!(found[0].interval, Duration::from_secs(60));
    assert_eq!(found[0].timeout, Duration::from_millis(2_500));
    assert_eq!(found[0].labels.labels["env"], "test");
    assert!(found[0].labels.honor_labels);
    assert_ne!(found[0].project_id, found[3].project_id);
    assert_eq!(
        found[3].timeout,
        Duration::from_secs(5),
        "at most the interval"
    );
}

#[test]
fn an_address_is_whole_or_made_of_its_parts() {
    let address = |target: &str| {
        let text = "name = 'x'\ntargets = []\nscheme = 'https'\nmetrics_path = '/stats?all=1'\n";
        let entry: ScrapeConfig = toml::from_str(text).unwrap();
        super::address(&entry, target)
            .map(String::from)
            .map_err(|error| error.to_string())
    };
    assert_eq!(address("host:1").unwrap(), "https://host:1/stats?all=1");
    assert_eq!(
        address("http://host:1").unwrap(),
        "http://host:1/stats?all=1"
    );
    assert_eq!(address("http://host/own").unwrap(), "http://host/own");
    for wrong in [
        "",
        "host:1/metrics",
        "ftp://host",
        "user@host:1",
        "host:port",
        "http://",
    ] {
        assert!(address(wrong).is_err(), "{wrong}");
    }
    let error = address("http://user:pass@host:1").unwrap_err();
    assert!(
        error.contains("basic_auth") && !error.contains("pass@"),
        "{error}"
    );
}

#[test]
fn a_wrong_entry_is_named_with_what_is_wrong() {
    let entry = |more: &str| {
        let more = if more.starts_with("name =") {
            more.to_owned()
        } else {
            format!("name = 'node'\n{more}")
        };
        let more = if more.contains("targets") {
            more
        } else {
            format!("{more}\ntargets = ['host:1']")
        };
        refused(&format!("[[scrape]]\n{more}"))
    };
    for (more, expected) in [
        (
            "interval = '4s'",
            "interval is 4 s, it must lie between 5 and 86400",
        ),
        (
            "interval = 'often'",
            "interval is 'often', it must be a time like 30s or 1m",
        ),
        (
            "timeout = '31s'",
            "timeout is 31 s, it must be more than 0 and at most the interval of 30 s",
        ),
        ("timeout = '0s'", "timeout is 0 s"),
        ("scheme = 'ftp'", "scheme is 'ftp'"),
        (
            "metrics_path = 'metrics'",
            "metrics_path is 'metrics', it must begin with /",
        ),
        ("project = 'nobody'", "there is no project 'nobody'"),
        (
            "bearer_token = '${env:VIGIL_TEST_NO_SUCH}'",
            "the environment has no VIGIL_TEST_NO_SUCH",
        ),
        (
            "bearer_token = 'a'\nbasic_auth = { username = 'b' }",
            "both bearer_token and basic_auth",
        ),
        (
            "targets = ['host:1', 'host:1']",
            "the instance 'host:1' stands there twice",
        ),
        ("targets = ['169.254.169.254']", "cloud metadata"),
        ("labels = { '' = 'x' }", "must have a name"),
        ("name = ' '", "it has no name"),
        ("speed = 9", "unknown field `speed`"),
    ] {
        let error = entry(more);
        assert!(error.contains(expected), "{more}: {error}");
    }
    let many: Vec<String> = (0..1_001).map(|port| format!("'host:{port}'")).collect();
    let error = entry(&format!("targets = [{}]", many.join(",")));
    assert!(
        error.contains("1001 targets are to be scraped, limit is 1000"),
        "{error}"
    );
}

#[test]
fn credentials_do_not_show() {
    let text = "name = 'x'\ntargets = []\nbearer_token = 'hunter2'\nbasic_auth = { username = 'u', password = 'hunter3' }";
    let entry: ScrapeConfig = toml::from_str(text).unwrap();
    let shown = format!("{entry:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}
