//! Hand-overs: offered by an operator, redeemed by a developer, withdrawn, forgotten.

use std::collections::BTreeSet;

use super::{
    command::Command,
    credentials::check_together,
    draft::Draft,
    refusal::Refusal,
    secrets::{NewSecret, RotateSecret, Rotated, rotate, signs, touched},
};
use crate::domain::{
    audit::Action,
    client::Client,
    credential::Method,
    handover::{Handover, HandoverState, LINK_LIFE},
    id::{ClientId, HandoverId, Revision},
    link::{LinkToken, LinkUse},
    name::Note,
    permission::Permission,
    registry::Registry,
    rotation::{Overlap, RotationError},
    secret::IfUsed,
    time::{Span, Timestamp},
};

/// Makes a one-time link by which a developer takes a new secret of a client.
#[derive(Clone, Debug)]
pub struct OfferHandover {
    /// Whose.
    pub client: ClientId,
    /// How long the old secret goes on working once the new one is taken.
    pub overlap: Overlap,
    /// What happens then if it is still in use.
    pub if_used: IfUsed,
    /// Where the new secret will be kept.
    pub note: Note,
    /// How long the new secret works, if not until it is replaced.
    pub secret_lifetime: Option<Span>,
    /// Whether the client signs with the new secret; as with the one that it replaces, if nothing is said.
    pub signs: Option<bool>,
}

/// What a rotation would do now, done when the link is followed.
impl From<RotateSecret> for OfferHandover {
    fn from(rotation: RotateSecret) -> Self {
        Self {
            client: rotation.client,
            overlap: rotation.overlap,
            if_used: rotation.if_used,
            note: rotation.new.note,
            secret_lifetime: rotation.new.expires_in,
            signs: rotation.new.signs,
        }
    }
}

/// A link that was just made, and the one chance to read its token.
pub struct Offered {
    /// Which hand-over.
    pub id: HandoverId,
    /// The secret part of the link.
    pub token: LinkToken,
    /// Until when it can be followed.
    pub expires: Timestamp,
}

impl Command for OfferHandover {
    type Outcome = Offered;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Offered, Refusal> {
        let client = touched(registry, draft, &self.client)?;
        if !client.is_active() {
            let message = format!("{} is disabled; enable it first", client.id);
            return Err(Refusal::Conflict(message));
        }
        if client.live_secrets(draft.now()).count() > 1 {
            return Err(RotationError::UnderWay.into());
        }
        super::secrets::check_life(self.secret_lifetime, registry)?;
        let now = draft.now();
        check_kind((self.signs, self.overlap), client, now)?;
        let open = |it: &&std::sync::Arc<Handover>| it.client == client.id && it.is_open(now);
        if registry.handovers().any(|it| open(&it)) {
            let message = "a link is on its way already; withdraw it first";
            return Err(Refusal::Conflict(message.to_owned()));
        }
        let token = LinkToken::generate(draft.entropy());
        let offered = Offered {
            id: HandoverId::generate(draft.entropy()),
            expires: now.plus(LINK_LIFE),
            token,
        };
        draft.put_handover(
            Action::HandoverOffer,
            Handover {
                id: offered.id.clone(),
                client: self.client,
                token: offered.token.digest(LinkUse::Handover, registry.pepper()),
                created: now,
                created_by: draft.actor().to_string(),
                by_owner: draft.actor().may(Permission::Own),
                expires: offered.expires,
                state: HandoverState::Open,
                overlap: self.overlap,
                if_used: self.if_used,
                note: self.note,
                secret_lifetime: self.secret_lifetime,
                signs: self.signs,
                revision: Revision::default(),
            },
        );
        Ok(offered)
    }
}

/// Takes the new secret: it is made now. The server's own, on behalf of who has the link.
pub struct RedeemHandover {
    /// The token of the link.
    pub token: LinkToken,
}

/// A secret that was just taken, and the one chance to read it.
pub struct Redeemed {
    /// Whose.
    pub client: ClientId,
    /// The new secret, and what becomes of the old one.
    pub rotated: Rotated,
}

impl Command for RedeemHandover {
    type Outcome = Redeemed;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<Redeemed, Refusal> {
        let now = draft.now();
        let handover = registry
            .find_handover_by_token(&self.token)
            .ok_or_else(|| conflict("there is no such link"))?;
        require_redeemable(handover, registry, now)?;
        let used = Handover {
            state: HandoverState::Used {
                at: now,
                address: draft.actor().address,
            },
            ..Handover::clone(handover)
        };
        let rotation = RotateSecret {
            client: handover.client.clone(),
            new: NewSecret {
                signs: handover.signs,
                value: None,
                expires_in: handover.secret_lifetime,
                note: handover.note.clone(),
            },
            overlap: handover.overlap,
            if_used: handover.if_used,
        };
        draft.put_handover(Action::HandoverRedeem, used);
        let client = handover.client.clone();
        let rotated = rotate(rotation, registry, draft)?;
        Ok(Redeemed { client, rotated })
    }
}

/// Refuses a link that gives nothing at `now`: it ended, or its client cannot take a secret.
pub fn require_redeemable(
    handover: &Handover,
    registry: &Registry,
    now: Timestamp,
) -> Result<(), Refusal> {
    match handover.state {
        HandoverState::Used { at, .. } => {
            return Err(conflict(format!("this link was used at {at}")));
        }
        HandoverState::Withdrawn { at } => {
            return Err(conflict(format!("this link was withdrawn at {at}")));
        }
        HandoverState::Open if !handover.is_open(now) => {
            let message = format!("this link worked until {}", handover.expires);
            return Err(conflict(message));
        }
        HandoverState::Open => {}
    }
    let Some(client) = registry.find_client(&handover.client) else {
        let message = format!("the client {} was removed", handover.client);
        return Err(conflict(message));
    };
    if !client.is_active() {
        return Err(conflict(format!("the client {} is disabled", client.id)));
    }
    if client.holds_admin() && !handover.by_owner {
        let message = "the client can manage this server by now; ask an owner for a new link";
        return Err(conflict(message));
    }
    if client.live_secrets(now).count() > 1 {
        return Err(RotationError::UnderWay.into());
    }
    if check_kind((handover.signs, handover.overlap), client, now).is_err() {
        let message = "the client proves itself without a secret by now; ask for a new link";
        return Err(conflict(message));
    }
    Ok(())
}

/// Refuses a link to a secret that could not take the place of what the client has.
fn check_kind(
    (asked, overlap): (Option<bool>, Overlap),
    client: &Client,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut methods = match overlap {
        Overlap::None => BTreeSet::new(),
        Overlap::For(_) => client.methods(now),
    };
    if signs(asked, client, now)? {
        methods.insert(Method::ClientSecretJwt);
    }
    check_together(&methods)
}

fn conflict(message: impl Into<String>) -> Refusal {
    Refusal::Conflict(message.into())
}

/// Voids a link.
#[derive(Clone, Debug)]
pub struct WithdrawHandover {
    /// Which.
    pub handover: HandoverId,
}

impl Command for WithdrawHandover {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<(), Refusal> {
        let before = registry.find_handover(&self.handover);
        let before = before.ok_or_else(|| Refusal::Conflict("there is no such link".to_owned()))?;
        if let Some(client) = registry.find_client(&before.client) {
            draft.require_touch(client)?;
        }
        let now = draft.now();
        if !before.is_open(now) {
            let message = format!("this link is {} already", before.status(now));
            return Err(Refusal::Conflict(message));
        }
        let after = Handover {
            state: HandoverState::Withdrawn { at: now },
            ..Handover::clone(before)
        };
        draft.put_handover(Action::HandoverWithdraw, after);
        Ok(())
    }
}

/// Forgets the hand-overs that ended long ago. The server's own.
#[derive(Clone, Copy, Debug)]
pub struct ForgetHandovers;

impl Command for ForgetHandovers {
    /// How many were forgotten.
    type Outcome = usize;

    const NEEDS: Permission = Permission::WriteSecrets;

    fn decide(self, registry: &Registry, draft: &mut Draft) -> Result<usize, Refusal> {
        let now = draft.now();
        let old = registry
            .handovers()
            .filter(|handover| handover.is_forgettable(now));
        let mut forgotten = 0;
        for handover in old {
            draft.remove_handover(handover);
            forgotten += 1;
        }
        Ok(forgotten)
    }
}

/// Whether there are hand-overs to forget.
pub fn has_forgettable(registry: &Registry, now: Timestamp) -> bool {
    registry
        .handovers()
        .any(|handover| handover.is_forgettable(now))
}

#[cfg(test)]
mod tests;
