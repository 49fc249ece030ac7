use super::*;

#[derive(Debug, Deserialize)]
struct File {
    external_model: ExternalModels,
    #[serde(default)]
    language_models: LanguageModels,
}

fn read(text: &str) -> File {
    toml::from_str(text).unwrap()
}

const TWO: &str = r#"
[[external_model]]
name = "house"
provider = "openai"
base_url = "http://127.0.0.1:8000/v1"
model = "small"
timeout_seconds = 20

[[external_model]]
provider = "anthropic"
model = "large"
daily_dollars = 2.5
input_price = 3.0
output_price = 15.0
sample_percent = 10

[language_models]
order = ["house", "anthropic", "local"]
[language_models.projects]
payments = ["local"]
tests = []
"#;

#[test]
fn one_section_and_several_are_read() {
    let one = read("[external_model]\nprovider = \"openai\"\nmodel = \"small\"\n");
    let models = one.external_model.0;
    assert_eq!((models.len(), models[0].name()), (1, "openai"));
    one.language_models.check(&models).unwrap();
    assert!(!one.language_models.wants_local(&models));
    let (order, _) = one.language_models.orders(&models);
    assert_eq!(order.unwrap(), ["openai"]);

    let two = read(TWO);
    let models = two.external_model.0;
    two.language_models.check(&models).unwrap();
    assert_eq!(
        (models[0].timeout_seconds, models[1].sample_percent),
        (20, 10)
    );
    assert!(two.language_models.wants_local(&models));
    let (order, projects) = two.language_models.orders(&models);
    assert_eq!(order.unwrap(), ["house", "anthropic", "local"]);
    assert_eq!(projects["payments"], ["local"]);
    assert!(projects["tests"].is_empty());
    let none = LanguageModels::default();
    assert!(none.wants_local(&[]) && none.orders(&[]).0.is_none());
}

#[test]
fn what_cannot_be_used_is_named() {
    for (from, to, expected) in [
        (
            "\"local\"]\n[",
            "\"lokal\"]\n[",
            "'lokal', there are: anthropic, house, local",
        ),
        (
            "name = \"house\"",
            "name = \"anthropic\"",
            "two external models are called 'anthropic'",
        ),
        (
            "timeout_seconds = 20",
            "timeout_seconds = 0",
            "timeout_seconds is 0",
        ),
        (
            "sample_percent = 10",
            "sample_percent = 101",
            "sample_percent is 101",
        ),
        (
            "input_price = 3.0\noutput_price = 15.0",
            "",
            "needs input_price",
        ),
        ("daily_dollars = 2.5", "daily_dollars = -1.0", "-1 dollars"),
    ] {
        let text = TWO.replacen(from, to, 1);
        assert_ne!(text, TWO);
        let file = read(&text);
        let error = file
            .language_models
            .check(&file.external_model.0)
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let unknown = toml::from_str::<File>("[external_model]\nprovidor = \"x\"\n").unwrap_err();
    assert!(unknown.to_string().contains("providor"), "{unknown}");
}
