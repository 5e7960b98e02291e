//! Links to secrets, for people.

use serde::Deserialize;

use crate::cli::pen::{Pen, quoted};

/// A link, as the admin API shows it.
#[derive(Deserialize)]
pub(super) struct HandoverView {
    id: String,
    client_id: String,
    status: String,
    created_at: String,
    created_by: String,
    expires_at: String,
    ended_at: Option<String>,
    used_from: Option<String>,
    #[serde(default)]
    link: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ListView {
    data: Vec<HandoverView>,
}

pub(super) fn offered(pen: &Pen, made: &HandoverView) -> String {
    let link = made.link.as_deref().unwrap_or("shown before");
    let facts = pen.facts(&[
        ("link", pen.strong(link)),
        ("works until", pen.time(&made.expires_at)),
        ("its id", made.id.clone()),
    ]);
    let client = quoted(&made.client_id);
    format!(
        "Whoever opens this link takes a new secret of {}, once. Send it where only they read it.\n\n\
         {facts}\n\
         It is shown this once. See when it is followed, or void it:\n  \
         jeton handover list {client}\n  \
         jeton handover withdraw {client} {}\n",
        made.client_id,
        quoted(&made.id),
    )
}

pub(super) fn list(pen: &Pen, client: &str, list: &ListView) -> String {
    let nothing = format!(
        "{client} has had no link in the last 30 days. Make one:\n  jeton handover offer {}",
        quoted(client)
    );
    let row = |it: &HandoverView| {
        let what = match (it.status.as_str(), &it.ended_at, &it.used_from) {
            ("open", ..) => format!("until {}", pen.time(&it.expires_at)),
            ("used", Some(at), Some(address)) => format!("{} from {address}", pen.time(at)),
            (_, Some(at), _) => pen.time(at),
            (_, None, _) => String::new(),
        };
        let made = format!("{} by {}", pen.time(&it.created_at), it.created_by);
        [it.id.clone(), it.status.clone(), what, made]
    };
    pen.table(
        ["link", "state", "when", "made"],
        list.data.iter().map(row).collect(),
        &nothing,
    )
}

pub(super) fn withdrawn(_: &Pen, gone: &HandoverView) -> String {
    format!(
        "The link {} opens nothing any more. The secrets of {} are as they were.\n",
        gone.id, gone.client_id
    )
}
