//! What a person reads who has just started the server.

use std::fmt::Write;

use crate::{
    cli::{
        data::Origin,
        program::{program, program_with_data},
    },
    config::{Config, MasterKeySource},
    domain::issuer::Issuer,
};

pub(super) fn text(
    config: &Config,
    issuer: &Issuer,
    (origin, setup): (Origin, Option<&str>),
) -> String {
    let data = config.data.display();
    let made = match origin {
        Origin::Found => "",
        Origin::Made => " (made just now)",
    };
    let mut text = format!(
        "\nJeton is ready.\n\n  tokens  {}\n  issuer  {issuer}\n  data    {data}{made}\n",
        issuer.endpoint("/oauth2/token"),
    );
    if let (Origin::Made, MasterKeySource::File(key)) = (origin, &config.master_key) {
        let _ = write!(
            text,
            "\nKeep a copy of {} somewhere else: without it nobody can read the data, and with it\n\
             anybody can.\n",
            key.display()
        );
    }
    if let Some(address) = setup {
        let _ = write!(
            text,
            "\nNobody owns this server yet. Make it yours in a browser:\n  {address}\n"
        );
    }
    let (jeton, bare) = (program_with_data(config), program());
    let _ = write!(
        text,
        "\nNext, in another terminal:\n\
         \x20 {jeton} api create https://sales.example.com --name 'Sales Analytics' --scope read:analytics\n\
         \x20 {jeton} client create 'Report Service' --id report-service \\\n\
         \x20     --grant https://sales.example.com=read:analytics --secret-file report.secret\n\
         \x20 {bare} token --issuer {issuer} --client-id report-service --client-secret-file report.secret\n\
         Or the same story at once: {jeton} demo\n\
         All commands: {bare} --help. Ctrl-C stops the server.\n"
    );
    text
}
