//! The authorization details of a token that is exchanged.

use serde_json::json;

use super::*;
use crate::domain::{
    details::{Schema, TypeDetail},
    name::Description,
};

/// RAR-08, TX-04: on the same API, a new token allows no detail that the old one did not.
#[test]
fn an_exchange_grants_no_details_that_the_old_token_has_not() {
    let mut chain = chain();
    let mut front = api(FRONT, "read write");
    let payment = TypeDetail {
        description: Description::default(),
        schema: Schema::parse(r#"{"properties":{"amount":{"type":"integer"}}}"#).unwrap(),
    };
    front
        .rules
        .details
        .insert("payment".parse().unwrap(), payment);
    chain.world.put_api(front);
    chain.edit("caller", |caller| {
        caller.rules.token_exchange = true;
        let types = ["payment".parse().unwrap()].into();
        caller.rules.details.insert(FRONT.parse().unwrap(), types);
    });
    let payments = |amounts: &[i64]| -> Value {
        let amounts = amounts.iter();
        let all = amounts.map(|it| json!({ "type": "payment", "amount": it }));
        all.collect()
    };
    let asking = |amounts: &[i64]| {
        let text = payments(amounts).to_string();
        format!("&authorization_details={}", escaped(&text))
    };
    let first = |rest: &str| {
        let form = format!(
            "grant_type=client_credentials&client_id=caller&client_secret={}{rest}",
            escaped(&chain.caller),
        );
        chain.ask(&form).unwrap().access_token
    };
    let own = |subject: &str, rest: &str| {
        let issued = chain.exchange_as(("caller", &chain.caller), subject, rest);
        issued.map(|issued| chain.said(&issued).details)
    };
    let beyond = Err(Reason::Details(DetailsError::BeyondSubject));

    let (with, without) = (first(&asking(&[1, 2])), first(""));

    assert_eq!(own(&with, ""), Ok(Some(payments(&[1, 2]))));
    assert_eq!(own(&with, &asking(&[2])), Ok(Some(payments(&[2]))));
    assert_eq!(own(&with, &asking(&[2, 3])), beyond);
    assert_eq!(own(&without, ""), Ok(None));
    assert_eq!(own(&without, &asking(&[1])), beyond);
}
