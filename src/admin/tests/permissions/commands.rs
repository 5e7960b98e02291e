//! Every command there is.

use super::*;
use crate::domain::details::{DetailGrants, Schema, TypeDetail};

/// One command of each kind, on a world in which it can be carried out.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn every_command(
    mut with: impl FnMut(&str, Permission, &mut dyn FnMut(&mut World, Actor) -> bool),
) {
    macro_rules! one {
        ($kind:ident, $make:expr) => {
            with(
                stringify!($kind),
                $kind::NEEDS,
                &mut |world: &mut World, actor: Actor| {
                    let make: fn(&mut World) -> $kind = $make;
                    let command = make(world);
                    match world.run_as(actor, command) {
                        Ok(_) => true,
                        Err(Refusal::Forbidden(_)) => false,
                        Err(other) => panic!("{}: {other}", stringify!($kind)),
                    }
                },
            );
        };
    }
    fn any(world: &mut World) -> ClientId {
        world.register("any").client.id.clone()
    }
    fn rotating(world: &mut World) -> ClientId {
        let client = any(world);
        world
            .run(rotate(&client))
            .unwrap_or_else(|error| panic!("{error}"));
        client
    }
    fn other(world: &mut World) -> OperatorId {
        world.operator("viewer@example.com", Role::Viewer)
    }
    fn pending(world: &mut World) -> crate::domain::id::KeyId {
        let key = GenerateKey {
            algorithm: Algorithm::Es256,
            when: When::Soon,
        };
        world.run(key).unwrap()
    }
    fn granted(world: &mut World) -> Granted {
        Granted {
            client: any(world),
            api: api("urn:shop"),
            scope: "read".parse().unwrap(),
        }
    }
    fn detail_type(name: &str) -> DefineDetailType {
        DefineDetailType {
            api: api("urn:shop"),
            name: name.parse().unwrap(),
            detail: TypeDetail {
                description: Description::default(),
                schema: Schema::parse("{}").unwrap(),
            },
        }
    }
    fn offer(client: ClientId) -> OfferHandover {
        OfferHandover {
            client,
            overlap: Overlap::None,
            if_used: IfUsed::Hold,
            note: Note::default(),
            secret_lifetime: None,
            signs: None,
        }
    }
    one!(RegisterClient, |_| register("new", &[]));
    one!(EditClient, |w| EditClient::of(any(w)));
    one!(DisableClient, |w| DisableClient { client: any(w) });
    one!(LimitClient, |w| LimitClient {
        client: any(w),
        networks: None,
        quota: None,
    });
    one!(EnableClient, |w| EnableClient { client: any(w) });
    one!(RemoveClient, |w| RemoveClient { client: any(w) });
    one!(RotateSecret, |w| rotate(&any(w)));
    one!(RetireSecret, |w| RetireSecret {
        client: rotating(w),
        secret: None
    });
    one!(UndoRetire, |w| {
        let client = rotating(w);
        w.run(RetireSecret {
            client: client.clone(),
            secret: None,
        })
        .unwrap();
        UndoRetire {
            client,
            secret: None,
        }
    });
    one!(RevokeSecret, |w| RevokeSecret {
        client: any(w),
        secret: None
    });
    one!(CancelRotation, |w| CancelRotation {
        client: rotating(w)
    });
    one!(ExtendRotation, |w| ExtendRotation::by_a_day(rotating(w)));
    one!(EditNote, |w| {
        let client = any(w);
        let secret = w.client(&client).secrets[0].id.clone();
        EditNote {
            client,
            secret,
            note: "vault".parse().unwrap(),
        }
    });
    one!(SettleRotation, |w| {
        let client = rotating(w);
        let old = w.client(&client).secrets[0].id.clone();
        SettleRotation {
            client,
            old,
            uses: LatestUses::default(),
        }
    });
    one!(ForgetSecrets, |w| ForgetSecrets { client: any(w) });
    one!(SetGrant, |w| SetGrant {
        client: any(w),
        api: api("urn:shop"),
        scopes: scopes("list"),
        details: None,
    });
    one!(RemoveGrant, |w| RemoveGrant {
        client: any(w),
        api: api("urn:shop")
    });
    one!(DefineApi, |_| define("urn:new", "a"));
    one!(EditApi, |_| EditApi::of(api("urn:shop")));
    one!(RekeyApi, |w| {
        let hs256 = DefineApi {
            algorithm: Algorithm::Hs256,
            ..define("urn:shared", "a")
        };
        w.run(hs256).unwrap_or_else(|error| panic!("{error}"));
        RekeyApi {
            api: api("urn:shared"),
        }
    });
    one!(DisableApi, |_| DisableApi {
        api: api("urn:shop")
    });
    one!(EnableApi, |_| EnableApi {
        api: api("urn:shop")
    });
    one!(HaltApi, |_| HaltApi {
        api: api("urn:shop"),
        reason: "it moves".parse().unwrap(),
    });
    one!(ResumeApi, |_| ResumeApi {
        api: api("urn:shop")
    });
    one!(HaltIssuance, |_| HaltIssuance {
        reason: "a key is known".parse().unwrap(),
    });
    one!(ResumeIssuance, |_| ResumeIssuance);
    one!(RemoveApi, |w| {
        w.define("urn:gone", "a");
        RemoveApi {
            api: api("urn:gone"),
        }
    });
    one!(AddScope, |_| AddScope {
        api: api("urn:shop"),
        scope: "new".parse().unwrap(),
        detail: ApiScope::default(),
    });
    one!(EditScope, |_| EditScope::of(
        api("urn:shop"),
        "list".parse().unwrap()
    ));
    one!(RemoveScope, |_| RemoveScope {
        api: api("urn:shop"),
        scope: "list".parse().unwrap()
    });
    one!(DefineDetailType, |_| detail_type("new"));
    one!(EditDetailType, |w| {
        w.run(detail_type("payment"))
            .unwrap_or_else(|error| panic!("{error}"));
        EditDetailType {
            api: api("urn:shop"),
            name: "payment".parse().unwrap(),
            description: Some("Pay".parse().unwrap()),
            schema: None,
        }
    });
    one!(RemoveDetailType, |w| {
        w.run(detail_type("payment"))
            .unwrap_or_else(|error| panic!("{error}"));
        RemoveDetailType {
            api: api("urn:shop"),
            name: "payment".parse().unwrap(),
        }
    });
    one!(GenerateKey, |_| GenerateKey {
        algorithm: Algorithm::Es256,
        when: When::Scheduled
    });
    one!(ActivateKey, |w| ActivateKey {
        key: pending(w),
        when: When::Now
    });
    one!(RetireKey, |w| RetireKey { key: pending(w) });
    one!(RevokeKey, |w| RevokeKey { key: pending(w) });
    one!(KeepKeySchedule, |_| KeepKeySchedule);
    one!(AddOperator, |_| AddOperator {
        email: "new@example.com".parse().unwrap(),
        name: "New".parse().unwrap(),
        role: Role::Viewer,
        password: None,
    });
    one!(EditOperator, |w| EditOperator::of(other(w)));
    one!(SetPassword, |w| SetPassword {
        operator: other(w),
        password: password()
    });
    one!(DisableOperator, |w| DisableOperator { operator: other(w) });
    one!(EnableOperator, |w| EnableOperator { operator: other(w) });
    one!(RemoveOperator, |w| RemoveOperator { operator: other(w) });
    one!(InviteOperator, |_| InviteOperator {
        email: "new@example.com".parse().unwrap(),
        name: "New".parse().unwrap(),
        role: Role::Viewer,
    });
    one!(ResetOperator, |w| ResetOperator { operator: other(w) });
    one!(WithdrawInvitation, |w| {
        let operator = other(w);
        let reset = ResetOperator {
            operator: operator.clone(),
        };
        w.run(reset).unwrap_or_else(|error| panic!("{error}"));
        WithdrawInvitation { operator }
    });
    one!(AcceptInvitation, |w| {
        let token = LinkToken::generate(&Entropy::seeded(1));
        let link = AccountLink {
            token: token.digest(LinkUse::Account, w.registry.pepper()),
            purpose: LinkPurpose::Invite,
            expires: w.now.plus(Span::hours(1)),
        };
        w.put_person(|person| person.link = Some(link));
        AcceptInvitation {
            token,
            name: None,
            password: password(),
        }
    });
    one!(SignIn, |w| SignIn {
        operator: w.put_person(|person| person.password = Some(hash())),
        epoch: 0,
        proof: SignInProof::PasswordAlone,
    });
    one!(EnrolSecondFactor, |w| {
        w.put_person(|_| {});
        let secret = TotpSecret::generate(&Entropy::seeded(1));
        let code = secret.code_at(w.now.seconds());
        EnrolSecondFactor { secret, code }
    });
    one!(RemoveSecondFactor, |w| RemoveSecondFactor {
        operator: w.put_person(|person| person.second_factor = Some(factor())),
    });
    one!(RenewRecoveryCodes, |w| {
        w.put_person(|person| person.second_factor = Some(factor()));
        RenewRecoveryCodes
    });
    one!(ChangeOwnPassword, |w| {
        w.put_person(|_| {});
        ChangeOwnPassword {
            password: password(),
        }
    });
    one!(EditOwnAccount, |w| {
        w.put_person(|_| {});
        EditOwnAccount {
            name: "Me".parse().unwrap(),
        }
    });
    one!(ClaimServer, |_| ClaimServer {
        email: "new@example.com".parse().unwrap(),
        name: "New".parse().unwrap(),
        password: password(),
    });
    one!(SetPolicy, |_| SetPolicy::default());
    one!(ReportLeak, |w| {
        let client = any(w);
        let secret = w.client(&client).secrets[0].id.clone();
        ReportLeak { client, secret }
    });
    one!(SetAccess, |w| SetAccess {
        client: any(w),
        grants: [(api("urn:shop"), scopes("list"))].into(),
        default_scopes: None,
    });
    one!(RestoreAccess, |w| RestoreAccess {
        access: SetAccess {
            client: any(w),
            grants: [(api("urn:shop"), scopes("list"))].into(),
            default_scopes: None,
        },
        watched: ScopeMarks::default(),
        kept: ScopeMarks::default(),
        details: DetailGrants::default(),
    });
    one!(PostponeAttention, |w| PostponeAttention {
        client: any(w),
        rule: "expiring".parse().unwrap(),
        level: 1,
        until: None,
        note: Note::default(),
    });
    one!(RecallAttention, |w| RecallAttention {
        client: any(w),
        rule: "expiring".parse().unwrap(),
    });
    one!(WatchScope, |w| WatchScope(granted(w)));
    one!(StopWatching, |w| StopWatching(granted(w)));
    one!(KeepScope, |w| KeepScope(granted(w)));
    one!(RegisterWithoutSecret, |_| RegisterWithoutSecret(register(
        "new",
        &[]
    )));
    one!(OfferHandover, |w| offer(any(w)));
    one!(RedeemHandover, |w| {
        let client = any(w);
        let offered = w.run(offer(client));
        let offered = offered.unwrap_or_else(|error| panic!("{error}"));
        RedeemHandover {
            token: offered.token,
        }
    });
    one!(WithdrawHandover, |w| {
        let client = any(w);
        let offered = w.run(offer(client));
        let offered = offered.unwrap_or_else(|error| panic!("{error}"));
        WithdrawHandover {
            handover: offered.id,
        }
    });
    one!(ForgetHandovers, |_| ForgetHandovers);
    one!(RevokeRegistrationToken, |w| {
        let token = w.run(registration_token(1)).unwrap().token.id().clone();
        RevokeRegistrationToken { token }
    });
    one!(ForgetRegistrationTokens, |_| ForgetRegistrationTokens);
    one!(InitServer, |_| InitServer);
    one!(NoteBackup, |_| NoteBackup);
    one!(NoteClockJump, |_| NoteClockJump { seconds: -3600 });
    one!(NoteRestore, |_| NoteRestore {
        epoch: 2,
        revision: Revision(7),
        records: 9,
        given_up: 0,
    });
}
