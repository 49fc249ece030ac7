use super::*;
use crate::cli::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_leaves_real_data_and_a_running_server_alone() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("demo/real.txt");
    std::fs::create_dir(folder.path().join("demo")).unwrap();
    std::fs::write(&real, "mine").unwrap();
    let config = Config::load(&Settings {
        data_dir: Some(folder.path().to_owned()),
        database_url: Some("postgres://vigil@localhost/production".into()),
        qdrant_url: Some("http://localhost:6334".into()),
        ..Settings::default()
    })
    .unwrap();
    let own = tempfile::tempdir().unwrap();
    let args = DemoArgs {
        exit: true,
        on_database: false,
        report: None,
    };
    let receiver = LocalReceiver::start().await.unwrap();
    let demo = demo_config(&config, &args, own.path(), &receiver).unwrap();
    assert!(demo.database_url.is_none() && demo.qdrant_url.is_none());
    assert_eq!(demo.data_dir, own.path());
    assert_eq!(
        demo.model_cache, config.model_cache,
        "models are fetched once"
    );
    assert!(real.exists());
}

#[tokio::test]
async fn a_chosen_port_that_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = taken.local_addr().unwrap();
    let error = listen(addr).await.unwrap_err();
    assert!(
        format!("{error:#}").contains(&addr.to_string()),
        "{error:#}"
    );
}
