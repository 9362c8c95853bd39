//! Sessions and refresh tokens when the directory is replaced.

use super::test_browser::{TestBrowser, spa_request};
use crate::directory::Directory;
use crate::fixture::{ADA, CONTOSO, DIRECTORY, Fixture, password_form, with};

fn replace(fixture: &Fixture, text: &str) {
    let directory = Directory::parse("directory.yaml", text).unwrap();
    fixture.live.replace_directory(directory);
}

#[tokio::test]
async fn removed_user_must_sign_in_again_and_others_stay() {
    struct Case {
        name: &'static str,
        text: String,
        is_signed_in: bool,
    }

    let without_ada = DIRECTORY.replace(ADA, "aaaaaaaa-0001-4000-8000-0000000000ff");
    for Case {
        name,
        text,
        is_signed_in,
    } in [
        Case {
            name: "Ada stays",
            text: DIRECTORY.replace("Renée", "Renate"),
            is_signed_in: true,
        },
        Case {
            name: "Ada is removed",
            text: without_ada,
            is_signed_in: false,
        },
    ] {
        let fixture = Fixture::new();
        let mut browser = TestBrowser::new(&fixture);
        browser.sign_in_as_ada().await;
        let (_, issued) = fixture.token(CONTOSO, &password_form()).await;
        let token = issued["refresh_token"].as_str().unwrap().to_owned();
        replace(&fixture, &text);
        // She may be added again: what she had before does not count.
        replace(&fixture, DIRECTORY);

        let mut silent = spa_request();
        silent.push(("prompt", "none"));
        let response = browser.authorize(&silent).await.redirect().1;
        assert_eq!(response.contains_key("code"), is_signed_in, "{name}");
        let error = (!is_signed_in).then_some("login_required");
        assert_eq!(response.get("error").map(String::as_str), error, "{name}");

        let form = with(&password_form(), "grant_type", "refresh_token");
        let form = with(&form, "refresh_token", &token);
        let (_, reply) = fixture.token(CONTOSO, &form).await;
        assert_eq!(reply["access_token"].is_string(), is_signed_in, "{name}");
        let error = (!is_signed_in).then_some("invalid_grant");
        assert_eq!(reply["error"].as_str(), error, "{name}: {reply}");
    }
}
