use super::*;

fn of(path: &str) -> Origin {
    Origin::of(Path::new(path), Path::new(path))
}

#[test]
fn kubernetes_paths_name_namespace_pod_container_and_service() {
    let id = "0123456789abcdef".repeat(4);
    let pod = "checkout-7d9f8b6c5d-x2x9z";
    for path in [
        format!("/var/log/containers/{pod}_shop_app-{id}.log"),
        format!("/var/log/pods/shop_{pod}_5f3c/app/0.log"),
        format!("/var/log/pods/shop_{pod}_5f3c/app/0.log.20261123-120000"),
    ] {
        let origin = of(&path);
        assert_eq!(origin.service.as_deref(), Some("checkout"), "{path}");
        let expected = [("namespace", "shop"), ("pod", pod), ("container", "app")];
        let expected = expected.map(|(key, value)| (key, value.to_owned()));
        assert_eq!(origin.attributes, expected);
    }
    let sidecar = of(&format!(
        "/var/log/containers/web-0_shop_istio-proxy-{id}.log"
    ));
    assert_eq!(sidecar.service.as_deref(), Some("istio-proxy"));
}

#[test]
fn pods_names_lose_what_their_controller_added() {
    for (pod, name) in [
        ("checkout-7d9f8b6c5d-x2x9z", "checkout"),
        ("node-exporter-x2x9z", "node-exporter"),
        ("postgres-0", "postgres"),
        ("single", "single"),
        ("my-shop", "my-shop"),
        ("cart-28893600-x2x9z", "cart"),
    ] {
        assert_eq!(workload(pod), name, "{pod}");
    }
}

#[test]
fn dockers_settings_name_the_service_and_other_files_their_name() {
    let root = tempfile::tempdir().unwrap();
    let id = "fedcba9876543210".repeat(4);
    let folder = root.path().join(&id);
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join(format!("{id}-json.log"));
    let origin = Origin::of(&file, &file);
    assert_eq!(origin.service.as_deref(), Some("fedcba987654"));
    let config = r#"{"Name":"/shop-cart-1","Config":{"Image":"shop/cart:7","Labels":{"com.docker.compose.service":"cart","com.docker.compose.project":"shop"}}}"#;
    std::fs::write(folder.join("config.v2.json"), config).unwrap();
    let origin = Origin::of(&file, &file);
    assert_eq!(origin.service.as_deref(), Some("cart"));
    let container = ("container", "shop-cart-1".to_owned());
    assert!(origin.attributes.contains(&container));
    assert_eq!(
        of("/var/log/nginx/access.log").service.as_deref(),
        Some("access")
    );
    assert_eq!(of("/var/log/nginx/access.log").attributes, []);
}
