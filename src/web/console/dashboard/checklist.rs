//! What is left to do on a new server, until the first token.

use crate::app::App;

/// The way to the first token.
pub(super) struct Checklist {
    pub(super) steps: [Step; 4],
}

/// One step of it.
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) hint: &'static str,
    /// Where it is done; nothing is the empty text.
    pub(super) path: String,
    pub(super) is_done: bool,
    /// Whether it is the one to do now.
    pub(super) is_next: bool,
}

impl Checklist {
    /// What is left to do; nothing once a token was issued.
    pub(super) fn of(app: &App) -> Option<Self> {
        let checklist = Self::look(app);
        (!checklist.is_done()).then_some(checklist)
    }

    /// The whole list, done or not.
    pub(super) fn look(app: &App) -> Self {
        let registry = app.registry();
        let mut apis = registry.apis().filter(|api| !api.is_admin());
        let first = apis.next();
        let has_scope = first.is_some_and(|api| !api.scopes.is_empty())
            || apis.any(|api| !api.scopes.is_empty());
        let has_token = registry
            .clients()
            .flat_map(|client| &client.secrets)
            .any(|secret| app.last_use(&secret.id).is_some());
        let api_page = first.map_or_else(
            || "/apis/new".to_owned(),
            |api| {
                format!(
                    "/apis/{}",
                    crate::web::console::words::segment(api.identifier.as_str())
                )
            },
        );
        let step = |title, hint, path: String, is_done| Step {
            title,
            hint,
            path,
            is_done: is_done || has_token,
            is_next: false,
        };
        let mut steps = [
            step(
                "Define an API",
                "The service that your tokens open.",
                "/apis/new".to_owned(),
                first.is_some(),
            ),
            step(
                "Add a scope",
                "One thing that a client may do there, such as `orders:read`.",
                api_page,
                has_scope,
            ),
            step(
                "Register a client",
                "The program that asks for tokens.",
                "/clients/new".to_owned(),
                registry.client_count() > 0,
            ),
            step(
                "Get a first token",
                "Ask with the client’s id and secret. This line turns by itself.",
                String::new(),
                has_token,
            ),
        ];
        if let Some(next) = steps.iter_mut().find(|step| !step.is_done) {
            next.is_next = true;
        }
        Self { steps }
    }

    /// Whether there is nothing left.
    pub(super) fn is_done(&self) -> bool {
        self.steps.iter().all(|step| step.is_done)
    }
}
