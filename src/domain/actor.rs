//! Who does something, and what that one may do.

use std::{fmt, net::IpAddr, sync::Arc};

use super::{
    id::{ClientId, OperatorId, RegistrationTokenId},
    name::Email,
    permission::{Permission, Permissions, Role},
};

/// Somebody or something that reads or changes the registry, already authenticated.
#[derive(Clone, Debug, PartialEq)]
pub struct Actor {
    who: Who,
    permissions: Permissions,
    /// Where the request came from, if over the network.
    pub address: Option<IpAddr>,
    /// The request it came with, for finding it in the log.
    pub request_id: Option<Arc<str>>,
}

/// The kinds of actors.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Who {
    /// A person signed in to the console.
    Operator {
        /// Their identifier.
        id: OperatorId,
        /// Their address, as it was then.
        email: Email,
    },
    /// A program with a token of the admin API.
    Client(ClientId),
    /// A client that manages itself, by its registration access token (RFC 7592).
    Registered(ClientId),
    /// Somebody on the machine itself, by the socket or the file; the number is the Unix user's.
    Local(u32),
    /// A program that has a token to register a client with.
    RegistrationToken(RegistrationTokenId),
    /// The server, by its own schedule.
    System(&'static str),
}

impl Actor {
    /// An operator with a role.
    pub fn operator(id: OperatorId, email: Email, role: Role) -> Self {
        Self::new(Who::Operator { id, email }, role.permissions())
    }

    /// A client with what its token allows.
    pub fn client(id: ClientId, permissions: Permissions) -> Self {
        Self::new(Who::Client(id), permissions)
    }

    /// The Unix user `uid` on the machine itself: acts as Owner.
    pub fn local(uid: u32) -> Self {
        Self::new(Who::Local(uid), Permissions::all())
    }

    /// Who has the registration token `id`: what may be done with it, its template bounds.
    pub fn registration_token(id: RegistrationTokenId) -> Self {
        Self::new(Who::RegistrationToken(id), registering())
    }

    /// A client that manages its own registration, within the template it was registered by.
    pub fn registered(client: ClientId) -> Self {
        Self::new(Who::Registered(client), registering())
    }

    /// The server itself, for the task named.
    pub fn system(task: &'static str) -> Self {
        Self::new(Who::System(task), Permissions::all())
    }

    fn new(who: Who, permissions: Permissions) -> Self {
        Self {
            who,
            permissions,
            address: None,
            request_id: None,
        }
    }

    /// Who it is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Whether it may do what needs `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.allow(permission)
    }

    /// All it may do.
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }
}

/// What the making of a client asks for. No more than an operator of the lowest rank that may.
fn registering() -> Permissions {
    use Permission as P;
    [P::WriteClients, P::WriteSecrets, P::WriteGrants]
        .into_iter()
        .collect()
}

/// The actor as the audit log names it: `operator:ana@example.com`, `client:deployer-7kq2d4`,
/// `registered_client:mailer-k3v9qx`, `local:0`, `registration_token:7KQ2D4XA`, `system:key schedule`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Operator { email, .. } => write!(f, "operator:{email}"),
            Who::Client(id) => write!(f, "client:{id}"),
            Who::Registered(id) => write!(f, "registered_client:{id}"),
            Who::Local(uid) => write!(f, "local:{uid}"),
            Who::RegistrationToken(id) => write!(f, "registration_token:{id}"),
            Who::System(task) => write!(f, "system:{task}"),
        }
    }
}
