//! Who writes a file: told by its path in Kubernetes, by Docker's settings beside it, else by its name.

use std::path::Path;

use serde_json::Value;

use super::super::file_service;

/// Largest settings file of a container that is read.
const CONFIG_BYTES: u64 = 1024 * 1024;
/// Names of containers that say nothing: the pod's name says more.
const PLAIN_NAMES: [&str; 8] = [
    "app",
    "main",
    "server",
    "container",
    "service",
    "application",
    "web",
    "api",
];

/// Who writes a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// The service of lines that name none.
    pub service: Option<String>,
    /// Attributes of all its records: name and value.
    pub attributes: Vec<(&'static str, String)>,
}

impl Origin {
    /// `path` is the name under which the file was found, `real` the one behind all links.
    pub fn of(path: &Path, real: &Path) -> Self {
        let container = [path, real]
            .into_iter()
            .find_map(|path| of_containers(path).or_else(|| of_pods(path)));
        container
            .or_else(|| of_docker(real))
            .unwrap_or_else(|| Self {
                service: file_service(path),
                attributes: Vec::new(),
            })
    }

    fn of_pod(namespace: &str, pod: &str, container: &str) -> Self {
        let service = if PLAIN_NAMES.contains(&container) {
            workload(pod)
        } else {
            container
        };
        Self {
            service: Some(service.to_owned()),
            attributes: vec![
                ("namespace", namespace.to_owned()),
                ("pod", pod.to_owned()),
                ("container", container.to_owned()),
            ],
        }
    }
}

/// `/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log`. Source: kubernetes, pkg/kubelet/kuberuntime/legacy.go.
fn of_containers(path: &Path) -> Option<Origin> {
    let name = path.file_name()?.to_str()?.strip_suffix(".log")?;
    let (name, id) = name.rsplit_once('-')?;
    let mut parts = name.split('_');
    let (pod, namespace, container) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = parts.next().is_none()
        && is_id(id)
        && [pod, namespace, container].iter().all(|name| is_name(name));
    fits.then(|| Origin::of_pod(namespace, pod, container))
}

/// `/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log`. Source: kubernetes, pkg/kubelet/kuberuntime/helpers.go.
fn of_pods(path: &Path) -> Option<Origin> {
    let container_folder = path.parent()?;
    let pod_folder = container_folder.parent()?;
    if pod_folder.parent()?.file_name()? != "pods" {
        return None;
    }
    let container = container_folder.file_name()?.to_str()?;
    let mut parts = pod_folder.file_name()?.to_str()?.split('_');
    let (namespace, pod, _uid) = (parts.next()?, parts.next()?, parts.next()?);
    let fits =
        parts.next().is_none() && [pod, namespace, container].iter().all(|name| is_name(name));
    fits.then(|| Origin::of_pod(namespace, pod, container))
}

/// `/var/lib/docker/containers/ID/ID-json.log`, with `config.v2.json` beside it.
fn of_docker(real: &Path) -> Option<Origin> {
    let id = real.file_name()?.to_str()?.split("-json.log").next()?;
    let folder = real.parent()?;
    if !is_id(id) || folder.file_name()? != id {
        return None;
    }
    let mut origin = Origin {
        service: Some(id[..12].to_owned()),
        attributes: vec![("container_id", id.to_owned())],
    };
    let Some(config) = docker_config(folder) else {
        return Some(origin);
    };
    let label = |name: &str| config["Config"]["Labels"][name].as_str();
    let name = config["Name"]
        .as_str()
        .map(|name| name.trim_start_matches('/'));
    let service = label("com.docker.compose.service").or(name);
    if let Some(service) = service.filter(|service| !service.is_empty()) {
        origin.service = Some(service.to_owned());
    }
    for (key, value) in [
        ("container", name),
        ("image", config["Config"]["Image"].as_str()),
        ("project", label("com.docker.compose.project")),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            origin.attributes.push((key, value.to_owned()));
        }
    }
    Some(origin)
}

fn docker_config(folder: &Path) -> Option<Value> {
    let path = folder.join("config.v2.json");
    if std::fs::metadata(&path).ok()?.len() > CONFIG_BYTES {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// The 64 hexadecimal digits of a container.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A name of Kubernetes (RFC 1123).
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        })
}

/// `checkout` of the pods `checkout-7d9f8b6c5d-x2x9z` (deployment), `checkout-x2x9z` (daemon set) and `checkout-0`.
fn workload(pod: &str) -> &str {
    // The alphabet of generated names has no vowels and no 0, 1, 3 (k8s.io/apimachinery, pkg/util/rand).
    let is_generated = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len())
            && part
                .bytes()
                .all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((name, last)) = pod.rsplit_once('-') else {
        return pod;
    };
    if is_number(last) {
        return name;
    }
    if !is_generated(last, 5..=5) {
        return pod;
    }
    match name.rsplit_once('-') {
        // A replica set's, or the minute of a cron job.
        Some((name, set)) if is_generated(set, 7..=10) || (is_number(set) && set.len() >= 8) => {
            name
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests;
