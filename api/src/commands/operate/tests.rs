use super::*;
use crate::cli::Settings;

#[test]
fn a_rebuild_refuses_weights_that_are_not_what_they_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::load(&Settings {
        data_dir: Some(folder.path().to_owned()),
        ..Settings::default()
    })
    .unwrap();
    let acquirer = crate::model_tasks::acquirer(&config, Arc::default());
    let embedding = Embedding::choose(&config, &acquirer).unwrap();
    assert!(local_encoder(&config, &embedding).unwrap().is_none());
    let model = config.model_cache.join("all-minilm-l6-v2");
    std::fs::create_dir_all(&model).unwrap();
    for name in ["model.safetensors", "tokenizer.json", "config.json"] {
        std::fs::write(model.join(name), "not what it should be").unwrap();
    }
    let error = local_encoder(&config, &embedding).unwrap_err();
    assert!(
        format!("{error:#}").contains("does not match the catalogue"),
        "{error:#}"
    );
}
