use super::*;

fn load(settings: Settings) -> anyhow::Result<Config> {
    Config::load(&settings)
}

#[test]
fn the_defaults_are_the_embedded_ones_for_this_machine_only() {
    let config = load(Settings::default()).unwrap();
    assert!(config.is_loopback());
    assert!(config.database_url.is_none() && config.qdrant_url.is_none());
    assert_eq!(
        config.narrator.as_deref(),
        Some("qwen2.5-coder-1.5b-instruct")
    );
    assert_eq!(config.retention_days, 0);
}

#[test]
fn the_commented_settings_file_is_one_that_can_be_read() {
    let text = include_str!("../../../docs/vigil.toml");
    let open: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            // Settings stand right after the mark, prose after a blank.
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let file: File = toml::from_str(&open).unwrap();
    assert_eq!(file.receivers.len(), 4);
    assert_eq!(file.external_model.0.len(), 1);
    file.language_models.check(&file.external_model.0).unwrap();
    assert_eq!(file.scrapes.len(), 1);
    toml::from_str::<File>(text).unwrap();
}

#[test]
fn a_flag_wins_over_the_file_and_an_unknown_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vigil.toml");
    std::fs::write(&path, "addr = \"127.0.0.1:1\"\nretention_days = 7\n").unwrap();
    let config = load(Settings {
        config: Some(path.clone()),
        addr: Some("127.0.0.1:2".into()),
        ..Settings::default()
    })
    .unwrap();
    assert_eq!((config.addr.port(), config.retention_days), (2, 7));
    std::fs::write(&path, "adress = \"x\"\n").unwrap();
    let error = load(Settings {
        config: Some(path),
        ..Settings::default()
    })
    .unwrap_err();
    assert!(format!("{error:#}").contains("adress"), "{error:#}");
}

#[test]
fn the_threads_of_the_models_are_a_flag_and_have_a_limit() {
    let with = |threads| {
        load(Settings {
            model_threads: Some(threads),
            ..Settings::default()
        })
    };
    assert_eq!(with(3).unwrap().model_threads, Some(3));
    for wrong in [0, 65] {
        let error = with(wrong).unwrap_err().to_string();
        assert!(error.contains(&wrong.to_string()), "{error}");
    }
}

#[test]
fn a_weak_secret_is_refused_beyond_loopback_only() {
    let with = |addr: &str, secret: &str| {
        load(Settings {
            addr: Some(addr.into()),
            jwt_secret: Some(secret.into()),
            ..Settings::default()
        })
    };
    assert!(with("127.0.0.1:0", "short").is_ok());
    for secret in [
        "",
        "short",
        "changeme-changeme-changeme-changeme",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        assert!(with("0.0.0.0:0", secret).is_err(), "{secret}");
    }
    assert!(with("0.0.0.0:0", "T9f2-Lq8x-Vb71-Zp0e-Wd5k-Rm34-Hs6y").is_ok());
}

#[test]
fn secrets_do_not_show_in_the_printed_settings() {
    let config = load(Settings {
        jwt_secret: Some("T9f2-Lq8x-Vb71-Zp0e-Wd5k-Rm34-Hs6y".into()),
        database_url: Some("postgres://vigil:hunter2@localhost/vigil".into()),
        ..Settings::default()
    })
    .unwrap();
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains("Lq8x"),
        "{shown}"
    );
}

#[test]
fn people_get_an_address_that_can_be_opened() {
    let url = |addr: &str, public: Option<&str>| {
        let config = load(Settings {
            addr: Some(addr.into()),
            public_url: public.map(str::to_owned),
            ..Settings::default()
        })
        .unwrap();
        // The port that was chosen when 0 was asked for.
        config.url_at(SocketAddr::new(config.addr.ip(), 8081))
    };
    assert_eq!(url("127.0.0.1:0", None), "http://127.0.0.1:8081");
    assert_eq!(url("0.0.0.0:0", None), "http://127.0.0.1:8081");
    assert_eq!(url("[::]:0", None), "http://[::1]:8081");
    assert_eq!(
        url("0.0.0.0:0", Some("https://v.example/")),
        "https://v.example"
    );
}

#[test]
fn a_short_metrics_token_is_refused() {
    let with = |token: &str| {
        load(Settings {
            metrics_token: Some(token.into()),
            ..Settings::default()
        })
    };
    assert!(with("scrape").is_err());
    assert!(with("scrape-scrape-scrape").is_ok());
    assert!(with("").unwrap().metrics_token.is_none(), "empty is none");
}

#[test]
fn the_usual_ports_of_otlp_are_open_unless_somebody_says_otherwise() {
    let with = |addr: &str| {
        load(Settings {
            otlp_grpc_addr: Some(addr.into()),
            ..Settings::default()
        })
    };
    let config = load(Settings::default()).unwrap();
    let (grpc, http) = (config.otlp_grpc.unwrap(), config.otlp_http.unwrap());
    assert_eq!(grpc.addr.to_string(), "127.0.0.1:4317");
    assert_eq!(http.addr.to_string(), "127.0.0.1:4318");
    assert!(grpc.is_default && http.is_default);
    assert_eq!(with("").unwrap().otlp_grpc, Some(grpc), "empty is none");
    assert_eq!(with("off").unwrap().otlp_grpc, None);
    let port = with("127.0.0.1:4317").unwrap().otlp_grpc.unwrap();
    assert!(!port.is_default, "whoever asks for it must get it");
    let error = format!("{:#}", with("nowhere").unwrap_err());
    assert!(error.contains("VIGIL_OTLP_GRPC_ADDR 'nowhere'"), "{error}");
}

#[test]
fn syslog_is_heard_only_where_its_address_says() {
    let with = |addr: &str| {
        load(Settings {
            syslog_addr: Some(addr.into()),
            ..Settings::default()
        })
    };
    assert!(
        load(Settings::default())
            .unwrap()
            .sockets
            .syslog_addr
            .is_none()
    );
    assert!(
        with("").unwrap().sockets.syslog_addr.is_none(),
        "empty is none"
    );
    let addr = with("127.0.0.1:5514").unwrap().sockets.syslog_addr.unwrap();
    assert_eq!(addr.port(), 5514);
    let error = format!("{:#}", with("nowhere").unwrap_err());
    assert!(error.contains("VIGIL_SYSLOG_ADDR 'nowhere'"), "{error}");
}

#[test]
fn syslog_over_tls_needs_a_certificate_and_a_key() {
    let with = |cert: Option<&str>, key: Option<&str>| {
        load(Settings {
            syslog_tls_addr: Some("127.0.0.1:6514".into()),
            syslog_tls_cert: cert.map(Into::into),
            syslog_tls_key: key.map(Into::into),
            ..Settings::default()
        })
    };
    for (cert, key) in [
        (None, None),
        (Some("cert.pem"), None),
        (None, Some("key.pem")),
    ] {
        let error = with(cert, key).unwrap_err().to_string();
        assert!(error.contains("VIGIL_SYSLOG_TLS_KEY"), "{error}");
    }
    let tls = with(Some("cert.pem"), Some("key.pem")).unwrap();
    let tls = tls.sockets.syslog_tls.unwrap();
    assert_eq!(tls.addr.port(), 6514);
    assert!(tls.client_authorities.is_none());
}

#[test]
fn the_tokens_of_the_doors_do_not_show_in_the_printed_settings() {
    let config = load(Settings {
        gelf_token: Some("vgl_hunter2".into()),
        fluent_token: Some("vgl_hunter2".into()),
        syslog_token: Some("vgl_hunter2".into()),
        ..Settings::default()
    })
    .unwrap();
    assert!(config.sockets.fluent_token.is_some());
    assert!(!format!("{config:?}").contains("hunter2"));
}
