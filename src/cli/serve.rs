//! `jeton serve`: the server, from its settings to its end.

mod descriptors;
mod environment;
mod manager;
mod setup_code;
mod sockets;
mod tls;
mod welcome;

use std::pin::Pin;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use self::{sockets::Sockets, tls::Security};
use super::{
    data::{Data, initialise, take_up_master_key},
    demo,
    desk::Desk,
    failure::{Exit, Failure},
    output::{self, Format},
    program::{program, program_with_data},
};
use crate::{
    app::{App, checkpoints::AuditFault},
    config::{self, Config, Place, Settings, Start, wants_no_colour},
    domain::issuer::Issuer,
    store::redb::Repair,
    telemetry::{self, Log, LogFormat},
    web::{
        faces::{self, Manners},
        layers::ForwardedBy,
        server::{Limits, Listener},
    },
};

/// How to serve.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeCommand {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    start: Start,
}

const EXAMPLES: &str = "\
Examples:
  jeton serve
  jeton serve --data /var/lib/jeton --listen 0.0.0.0:8080 --issuer https://auth.example.com \\
      --behind-proxy 10.0.0.0/8
  jeton serve --listen 0.0.0.0:8443 --issuer https://auth.example.com:8443 \\
      --tls-cert server.pem --tls-key server.key --mtls-listen 0.0.0.0:9443 --tls-client-ca clients.pem

Where there is no data yet, everything is made: the directory, the master key, the data file, a signing
key. Every setting may also stand in the environment or in the settings file, which wins in this order:
flag, variable, file, default. Certificates that change are taken up, at SIGHUP at once. SIGTERM or Ctrl-C ends it: requests in flight are answered first; a
second one ends it at once.";

impl ServeCommand {
    /// Serves until told to stop.
    pub(crate) fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        environment::hide_master_keys()?;
        let settings = Settings {
            demo: self.start.demo,
            ..self.settings.clone()
        };
        let config = Config::resolve(place, settings)?;
        config.check_listening()?;
        telemetry::start(Log {
            format: config.log_format,
            level: config.log_level,
            colours: output::stderr_is_terminal() && !wants_no_colour(),
        });
        descriptors::allow_for(config.limits.max_connections);
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let Some(threads) = config.worker_threads {
            runtime.worker_threads(threads);
        }
        let runtime = runtime.enable_all().build().map_err(|error| {
            Failure::unavailable(format!("the system gives no threads: {error}"))
        })?;
        let ended = runtime.block_on(self.serve(&config, format));
        runtime.shutdown_background();
        ended
    }

    async fn serve(&self, config: &Config, format: Format) -> Result<(), Failure> {
        let mut signals = Signals::listen()?;
        let repair = match self.start.accept_repair {
            Some(true) => Repair::Accept,
            Some(false) | None => Repair::Refuse,
        };
        let security = Security::load(config)?;
        let mut held = manager::held_sockets()?;
        let data = Data::open_or_make(config, repair)?;
        let sockets = Sockets::bind(config, &mut held)?;
        let issuer = config.issuer_at(sockets.public_address);
        data.keep_reserve(config.disk_reserve_bytes);
        let (origin, rekey) = (data.origin, data.rekey.clone());
        let app = data.assemble(config, issuer.clone()).await?;
        if let Some(change) = rekey {
            take_up_master_key(&app, change).await?;
        }
        if self.start.accept_clock == Some(true) {
            app.accept_clock().await;
        }
        app.check_audit_at_start()
            .await
            .map_err(|it| unreliable(&it))?;
        initialise(&app).await?;
        let (doors, socket) = sockets.into_doors((&config.data, &issuer), &security)?;
        app.start().await;
        security.get_certificates(&app, config).await?;
        announce(config, &issuer, &doors, &socket);
        warn_of_shut_out(&app);
        let setup = setup_code::address(&app, &doors);
        match &setup {
            Some(address) => setup_code::keep(&app, &config.data, address),
            None => setup_code::forget(&config.data),
        }
        if config.log_format == LogFormat::Human {
            let setup = setup.as_ref().map(|address| address.as_str());
            output::say(&welcome::text(config, &issuer, (origin, setup)));
        }
        if config.demo {
            self.show_demo(&app, (config, format)).await?;
        }
        let manners = Manners {
            certificates: security.forwarded(config),
            ..manners(config)
        };
        security.watch(&app)?;
        manager::tell_ready();
        let work = async {
            let cut = faces::serve(&app, doors, &manners).await;
            // Before the data file is free for another server, which has a socket of its own.
            socket.remove();
            app.shut_down().await;
            cut
        };
        tokio::pin!(work);
        attend(work, &app, &mut signals).await
    }

    async fn show_demo(
        &self,
        app: &App,
        (config, format): (&Config, Format),
    ) -> Result<(), Failure> {
        let desk = Desk::over(app.clone(), format);
        let story = demo::set_up(&desk).await?;
        let called = (program(), program_with_data(config));
        output::say(&story.in_words(&format.pen(), (&called.0, &called.1)));
        Ok(())
    }
}

fn announce(config: &Config, issuer: &Issuer, doors: &faces::Doors, socket: &sockets::LocalSocket) {
    let address = |listener: &Listener| {
        let address = listener.address();
        address.map(|it| it.to_string()).unwrap_or_default()
    };
    let version = env!("CARGO_PKG_VERSION");
    let public = address(&doors.public);
    info!(
        version,
        issuer = %issuer,
        address = %public,
        data = %config.data.display(),
        "jeton {version} serves {issuer} on {public}"
    );
    if let Some(operator) = &doors.operator {
        let operator = address(operator);
        info!(address = %operator, "the admin API is served on {operator}");
    }
    if let Some(mutual) = &doors.mutual {
        let mutual = address(mutual);
        info!(address = %mutual, "clients are asked for certificates on {mutual}");
    }
    if let Some((challenges, _)) = &doors.challenges {
        let challenges = address(challenges);
        info!(address = %challenges, "challenges for certificates are answered on {challenges}");
    }
    info!(path = %socket.path().display(), "the command line reaches the server by {}", socket.path().display());
    if config.plain_http == config::PlainHttp::FromAnywhere {
        warn!(
            "plain HTTP is taken from anywhere: everybody on the way can read secrets and tokens"
        );
    }
}

/// Says who gets no token because of the profile: whoever turns it on must know.
fn warn_of_shut_out(app: &App) {
    let profile = app.profile();
    let shut_out = profile.shuts_out(&app.registry(), app.now());
    for client in &shut_out.clients {
        warn!(client.id = %client, "the profile {profile} refuses {client}: all its credentials are weaker than a key or a certificate");
    }
    for api in &shut_out.apis {
        warn!(%api, "the profile {profile} gives no tokens for {api}: its signature algorithm is not allowed");
    }
}

/// Waits until the server has ended, and asks it to when told so; told twice, it waits no longer.
async fn attend(
    mut work: Pin<&mut impl Future<Output = u64>>,
    app: &App,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let mut was_told = false;
    loop {
        tokio::select! {
            cut = &mut work => return goodbye(app, cut),
            () = signals.next() => {
                if was_told {
                    return Err(Failure::refused("stopped", "stopped at once, as told twice"));
                }
                was_told = true;
                manager::tell_stopping();
                info!("stopping: requests in flight are answered first");
                app.tasks().stop();
            }
        }
    }
}

fn goodbye(app: &App, cut: u64) -> Result<(), Failure> {
    if cut > 0 {
        warn!(
            connections = cut,
            "{cut} connections were still busy and were cut"
        );
    }
    if app.has_lost_its_disk() {
        return Err(Failure::new(
            Exit::Disk,
            "disk",
            "the disk failed to keep what was written, so the server stopped; look at the disk, then start \
             again: the data file is checked first",
        ));
    }
    if app.tasks().has_died() {
        return Err(Failure::unavailable(
            "a part of the server ended before its time, so it stopped: see the log",
        ));
    }
    info!("stopped");
    Ok(())
}

fn manners(config: &Config) -> Manners {
    let limits = &config.limits;
    Manners {
        limits: Limits {
            first_byte_timeout: limits.first_byte_timeout.duration(),
            handshake_timeout: limits.handshake_timeout.duration(),
            header_timeout: limits.header_timeout.duration(),
            body_timeout: limits.body_timeout.duration(),
            request_timeout: limits.request_timeout.duration(),
            shed_after: limits.shed_after.duration(),
            idle_timeout: limits.idle_timeout.duration(),
            connection_lifetime: limits.connection_lifetime.duration(),
            max_connections: limits.max_connections,
            max_connections_per_address: limits.max_connections_per_address,
            max_header_bytes: limits.max_header_bytes,
            max_body_bytes: limits.max_body_bytes,
            max_target_bytes: limits.max_target_bytes,
            drain_timeout: limits.drain_timeout.duration(),
        },
        trusted_proxies: config.behind_proxy.clone(),
        forwarded_by: match config.forwarded_by {
            config::ForwardedBy::XForwardedFor => ForwardedBy::XForwardedFor,
            config::ForwardedBy::Forwarded => ForwardedBy::Forwarded,
        },
        certificates: None,
    }
}

/// The two signals that end a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let deaf = |error| Failure::unavailable(format!("cannot listen for signals: {error}"));
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(deaf)?,
            interrupt: signal(SignalKind::interrupt()).map_err(deaf)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Why data are not served whose audit log is not what it should be.
fn unreliable(fault: &AuditFault) -> Failure {
    let (exit, word) = match fault {
        AuditFault::Broken(_) => (Exit::Damaged, "damaged"),
        AuditFault::Older(_) => (Exit::Older, "older"),
        AuditFault::Checkpoints(_) | AuditFault::Line { .. } => (Exit::Config, "config"),
        AuditFault::Unavailable(_) => (Exit::Unavailable, "unavailable"),
    };
    let next = match fault {
        AuditFault::Broken(_) => "; restore a backup",
        AuditFault::Older(_) => {
            "; put the newest data file back, or move this one away and say that the rest is lost: jeton restore \
             --accept-data-loss FILE"
        }
        AuditFault::Checkpoints(_) | AuditFault::Line { .. } | AuditFault::Unavailable(_) => "",
    };
    Failure::new(exit, word, format!("{fault}{next}"))
}

/// Reads the files that serving would read.
pub(super) fn check_files(config: &Config) -> Result<(), Failure> {
    if let Some(plan) = &config.backups
        && !plan.directory.is_dir()
    {
        let message = format!(
            "there is no directory {} for backups: make it, or name another with --backup-dir",
            plan.directory.display()
        );
        return Err(Failure::new(Exit::Config, "config", message));
    }
    Security::load(config).map(drop)
}

/// Why an address cannot be listened on.
pub(super) fn cannot_listen(address: &dyn std::fmt::Display, error: &std::io::Error) -> Failure {
    let kind = error.kind();
    if kind == std::io::ErrorKind::PermissionDenied {
        let message =
            format!("may not listen on {address}: choose a port from 1024 on with --listen");
        return Failure::new(Exit::Forbidden, "forbidden", message);
    }
    if kind == std::io::ErrorKind::AddrInUse {
        return Failure::unavailable(format!(
            "another program listens on {address} already: stop it, or choose another address with \
             --listen"
        ));
    }
    Failure::unavailable(format!("cannot listen on {address}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::frail_server;

    #[tokio::test]
    async fn a_server_that_lost_its_disk_says_so_in_its_exit_code() {
        let (app, store) = frail_server().await;
        store.lose_disk_when_closed();

        app.shut_down().await;

        let failure = goodbye(&app, 0).unwrap_err();
        assert_eq!(failure.exit as u8, 74, "{}", failure.message);
    }
}
