use api::routes::{Access, Endpoint};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::{IdentityStore as _, Role, Store, StoreConfig};

use crate::harness::{Database, Server};

async fn status(server: &Server, endpoint: &Endpoint, credential: Option<&str>) -> u16 {
    // What stands in braces need not exist: who may is decided before.
    let path = endpoint.path.replace("{id}", "x").replace("{name}", "x");
    let url = format!("{}{path}", server.url);
    let mut request = server.client.request(endpoint.method.clone(), url);
    if let Some(credential) = credential {
        request = request.bearer_auth(credential);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    if matches!(status, 401 | 403) {
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    assert!(status != 404 || path.ends_with("/x"), "{path} is no route");
    status
}

/// A person who is no admin.
async fn member_session(server: &Server) -> String {
    let database = server.folder().join("data").join(store::SQLITE_FILE);
    let opened = Store::open(&StoreConfig::new(database.display().to_string())).unwrap();
    let hash = api::auth::hash_password("a member's password").unwrap();
    opened.create_user("mia", &hash, Role::Member, 1).unwrap();
    server.session_of("mia", "a member's password").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_open_to_those_whom_the_table_names_and_to_nobody_else() {
    let scrape = "scrape-scrape-scrape";
    let more = ["--metrics-token".to_owned(), scrape.to_owned()];
    let server = Server::start_with(Database::Sqlite, &more).await;
    let member = member_session(&server).await;
    let reader = server.read_token();
    let endpoints = api::routes::endpoints();
    assert!(endpoints.len() > 30);
    for endpoint in &endpoints {
        let what = format!("{} {}", endpoint.method, endpoint.path);
        let nobody = status(&server, endpoint, None).await;
        let unknown = status(&server, endpoint, Some("vgl_00000000")).await;
        let token = status(&server, endpoint, Some(&server.token)).await;
        let scraper = status(&server, endpoint, Some(scrape)).await;
        let expected = match endpoint.access {
            Access::Public => {
                assert!(!matches!(nobody, 401 | 403) || endpoint.path.ends_with("/login"));
                continue;
            }
            Access::Write => {
                assert!(!matches!(token, 401 | 403), "{what} with a token: {token}");
                (401, 401, token, 401)
            }
            Access::Read => (401, 401, 403, 401),
            Access::Act | Access::Admin => (401, 403, 403, 401),
            Access::Scrape => (401, 403, 403, 200),
        };
        assert_eq!((nobody, unknown, token, scraper), expected, "{what}");
        let reading = status(&server, endpoint, Some(&reader)).await;
        match endpoint.access {
            Access::Read => assert!(
                !matches!(reading, 401 | 403),
                "{what} with a read token: {reading}"
            ),
            _ => assert_eq!(reading, 403, "{what} with a read token"),
        }
        if endpoint.path == "/api/v1/logout" {
            continue;
        }
        let member = status(&server, endpoint, Some(&member)).await;
        match endpoint.access {
            Access::Admin => assert_eq!(member, 403, "{what} for a member"),
            _ => assert!(
                !matches!(member, 401 | 403),
                "{what} for a member: {member}"
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_for_everybody_and_runs_its_own_scripts_only() {
    let server = Server::start(Database::Sqlite).await;
    for path in ["/", "/livez", "/readyz"] {
        let url = format!("{}{path}", server.url);
        let answer = server.client.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.contains("script-src 'self'"));
    }
    let page = server
        .client
        .get(&server.url)
        .header("accept-encoding", "gzip");
    let answer = page.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_the_page_works_for_the_page_only() {
    let server = Server::start(Database::Sqlite).await;
    let login = format!("{}/api/v1/login", server.url);
    let body = json!({ "name": "admin", "password": server.password });
    let answer = server.client.post(&login).json(&body).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let me = format!("{}/api/v1/me", server.url);
    let answer = server
        .client
        .get(&me)
        .header("cookie", &cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let act = async |fields: &[(&str, &str)]| {
        let mut request = server
            .client
            .post(format!("{}/api/v1/tokens", server.url))
            .header("cookie", &cookie)
            .json(&json!({ "name": "made by a page" }));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(
        act(&[]).await,
        403,
        "a request that does not say where it comes from"
    );
    assert_eq!(act(&[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(act(&[("origin", "https://evil.example")]).await, 403);
    assert_eq!(act(&[("sec-fetch-site", "same-origin")]).await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_and_wrong_passwords_lock_the_name() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    server.get(&session, "/api/v1/me").await;
    let logout = format!("{}/api/v1/logout", server.url);
    let answer = server
        .client
        .post(logout)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    let me = format!("{}/api/v1/me", server.url);
    let answer = server
        .client
        .get(me)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let login = format!("{}/api/v1/login", server.url);
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let body = json!({ "name": "admin", "password": "wrong" });
        let answer = server.client.post(&login).json(&body).send().await.unwrap();
        statuses.push(answer.status().as_u16());
        if answer.status() == 429 {
            let seconds: u64 = answer.headers()["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((50..=61).contains(&seconds), "{seconds}");
        }
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    // Another name is not locked by this one's failures.
    let body = json!({ "name": "ada", "password": "wrong" });
    let answer = server.client.post(&login).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_refused_within_a_moment() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let tokens = server.get(&session, "/api/v1/tokens").await;
    let id = tokens
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] == "test")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let line = r#"{"message":"hello"}"#;
    assert_eq!(
        server
            .post_logs("application/json", line)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let url = format!("{}/api/v1/tokens/{id}", server.url);
    let answer = server
        .client
        .delete(url)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    // The token is remembered for a second at most.
    let mut status = 200;
    for _ in 0..40 {
        status = server
            .post_logs("application/json", line)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16();
        if status == 401 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_tries_many_names_is_locked_out_and_many_at_once_wait() {
    let server = Server::start(Database::Sqlite).await;
    let login = format!("{}/api/v1/login", server.url);
    let attempt = async |name: String| {
        let body = json!({ "name": name, "password": "wrong" });
        let answer = server.client.post(&login).json(&body).send().await.unwrap();
        let has_advice = answer.headers().contains_key("retry-after");
        (answer.status().as_u16(), has_advice)
    };
    let mut statuses = Vec::new();
    for index in 0..21 {
        statuses.push(attempt(format!("name{index}")).await);
    }
    assert_eq!(statuses[19], (401, false));
    assert_eq!(statuses[20], (429, true));
}

/// Versions before the scopes of tokens know only those that write, and look for the plain digest. While an installation
/// is upgraded they run beside this one on the same database.
async fn an_older_process_does_not_find_a_read_token(database: Database) {
    let server = Server::start(database).await;
    let reading = server.read_token();
    let store = server.store();
    let as_before = |token: &str| -> [u8; 32] { Sha256::digest(token.as_bytes()).into() };
    assert!(
        store
            .token_by_hash(&as_before(&server.token))
            .unwrap()
            .is_some()
    );
    assert!(store.token_by_hash(&as_before(&reading)).unwrap().is_none());
    // This version does.
    server.get(&reading, "/api/v1/me").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_process_does_not_find_a_read_token_on_sqlite() {
    an_older_process_does_not_find_a_read_token(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_process_does_not_find_a_read_token_on_postgres() {
    an_older_process_does_not_find_a_read_token(Database::Postgres).await;
}
