//! Libraries that register themselves.

use serde_json::json;

use super::{
    Credentials, World,
    kit::{Auth, Program},
    world::SALES_ANALYTICS,
};

pub(crate) const OPENID_CLIENT: Program = Program::Node("registers_openid_client");

#[test]
fn openid_client_registers_itself_and_gets_a_token() {
    let world = World::with_registration();
    let grant = format!("{SALES_ANALYTICS}=read:analytics");
    let made = world.server.jeton(&[
        "registration-token",
        "create",
        "--expires-in",
        "1h",
        "--grant",
        &grant,
    ]);
    let nobody = Credentials {
        id: String::new(),
        secret: made["token"].as_str().unwrap().to_owned(),
    };

    let told = OPENID_CLIENT.tell(&world.ask_as(&nobody, Auth::Basic), None);

    assert_eq!(told["client_name"], "openid-client", "{told}");
    assert_eq!(told["scope"], "read:analytics");
    assert_eq!(told["granted"], "read:analytics");
    assert_eq!(told["read"], told["client_id"]);
    let id = told["client_id"].as_str().unwrap();
    let client = world.server.jeton(&["client", "show", id]);
    assert_eq!(client["registration"]["token"], made["id"]);
    assert_eq!(client["registration"]["is_managed"], json!(true));
}
