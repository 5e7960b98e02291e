//! Limits of a client: from where it may authenticate, and how many tokens it may get in a while.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{audit::Facts, time::Span};

/// What limits a client beside its scopes; nothing does, unless an operator says so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientLimits {
    /// From where it may authenticate; nowhere named means from anywhere.
    pub networks: Networks,
    /// How many tokens it may get.
    pub quota: Option<TokenQuota>,
}

impl ClientLimits {
    /// Adds what the audit log may say of them.
    pub fn add_facts(&self, all: &mut Facts) {
        if !self.networks.is_empty() {
            all.insert("allowed_networks".to_owned(), self.networks.to_string());
        }
        if let Some(quota) = &self.quota {
            all.insert("quota".to_owned(), quota.to_string());
        }
    }
}

/// Networks, IPv4 and IPv6; none stand for all there are. Each is in its shortest form, none stands twice.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// How many there may be.
    pub const MOST: usize = 64;

    /// Whether none are named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `address` is within: always, if none are named. An IPv4 address is the same however it is written.
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.is_empty() || self.0.iter().any(|network| network.contains(&address))
    }

    /// Each as text.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl TryFrom<Vec<String>> for Networks {
    type Error = LimitError;

    fn try_from(texts: Vec<String>) -> Result<Self, LimitError> {
        let read = texts.iter().map(|text| network(text.trim()));
        let mut networks = read.collect::<Result<Vec<_>, _>>()?;
        networks.sort_unstable();
        networks.dedup();
        if networks.len() > Self::MOST {
            return Err(LimitError::TooMany);
        }
        Ok(Self(networks))
    }
}

impl From<Networks> for Vec<String> {
    fn from(networks: Networks) -> Self {
        networks.texts()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts().join(" "))
    }
}

/// A network or an address alone. IPv4 within IPv6 is IPv4.
fn network(text: &str) -> Result<IpNet, LimitError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    let network: IpNet = text.parse().map_err(|_| LimitError::NotANetwork)?;
    if let IpNet::V6(v6) = network
        && v6.addr().to_ipv4_mapped().is_some()
    {
        return Err(LimitError::NotANetwork);
    }
    Ok(network.trunc())
}

/// How many tokens a client may get in a while, and how many of them at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenQuota {
    tokens: u32,
    per: Per,
    burst: u32,
    /// Whether what is too much is refused, or counted only.
    pub mode: QuotaMode,
}

/// What a quota counts by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Minutes.
    #[default]
    Minute,
    /// Hours.
    Hour,
}

/// What becomes of what is too much.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum QuotaMode {
    /// It is counted, and nothing is refused: to find out what would be.
    #[default]
    Watch,
    /// It is refused.
    Enforce,
}

impl TokenQuota {
    /// The most tokens that a quota may speak of.
    pub const MOST: u32 = 1_000_000;

    /// So many tokens per minute or hour, of which `burst` may come at once; all of them if that is not said.
    ///
    /// # Errors
    /// None at all, more than [`TokenQuota::MOST`], or a burst that is larger than all of them.
    pub fn new(
        tokens: u32,
        per: Per,
        burst: Option<u32>,
        mode: QuotaMode,
    ) -> Result<Self, LimitError> {
        if !(1..=Self::MOST).contains(&tokens) {
            return Err(LimitError::Tokens);
        }
        let burst = burst.unwrap_or(tokens);
        if !(1..=tokens).contains(&burst) {
            return Err(LimitError::Burst);
        }
        Ok(Self {
            tokens,
            per,
            burst,
            mode,
        })
    }

    /// How many tokens.
    pub const fn tokens(&self) -> u32 {
        self.tokens
    }

    /// In how long.
    pub const fn per(&self) -> Per {
        self.per
    }

    /// How many at once.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// The share of one token, in microseconds.
    pub fn share(&self) -> i64 {
        let all = i64::try_from(self.per.span().seconds() * 1_000_000).unwrap_or(i64::MAX);
        all / i64::from(self.tokens)
    }
}

impl Per {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Minute, Self::Hour];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }

    /// How long that is.
    pub const fn span(self) -> Span {
        match self {
            Self::Minute => Span::minutes(1),
            Self::Hour => Span::hours(1),
        }
    }
}

impl FromStr for Per {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == text).ok_or(LimitError::Per)
    }
}

impl QuotaMode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Watch, Self::Enforce];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Enforce => "enforce",
        }
    }
}

impl FromStr for QuotaMode {
    type Err = LimitError;

    fn from_str(text: &str) -> Result<Self, LimitError> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == text).ok_or(LimitError::Mode)
    }
}

impl fmt::Display for TokenQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.tokens == 1 { "" } else { "s" };
        let (tokens, per, burst) = (self.tokens, self.per.as_str(), self.burst);
        write!(f, "{tokens} token{s} per {per}, {burst} at once")?;
        match self.mode {
            QuotaMode::Watch => f.write_str(", watched only"),
            QuotaMode::Enforce => Ok(()),
        }
    }
}

/// A text or a number is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LimitError {
    /// Neither a network nor an address.
    #[error("write networks or addresses, such as 10.0.0.0/8 or 2001:db8::/32")]
    NotANetwork,
    /// More than there may be.
    #[error("at most {} networks", Networks::MOST)]
    TooMany,
    /// No number of tokens.
    #[error("write 1 to {} tokens", TokenQuota::MOST)]
    Tokens,
    /// No number of them at once.
    #[error("at once may come 1 token, or more, up to all of them")]
    Burst,
    /// Neither minute nor hour.
    #[error("tokens are counted by minute or hour")]
    Per,
    /// No word for what becomes of what is too much.
    #[error("a quota is to watch or to enforce")]
    Mode,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Result<Networks, LimitError> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        texts.try_into()
    }

    #[test]
    fn networks_are_read_once_and_in_their_shortest_form() {
        let read = networks(&[
            " 10.1.2.3/8",
            "10.0.0.0/8",
            "::ffff:192.0.2.7",
            "2001:DB8::1/32",
        ]);

        assert_eq!(
            read.unwrap().texts(),
            ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]
        );
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0",
            "::ffff:10.0.0.0/104",
            "host",
            "10.0.0.0/8 x",
        ] {
            assert_eq!(networks(&[bad]), Err(LimitError::NotANetwork), "{bad}");
        }
        let many: Vec<String> = (0..65).map(|n| format!("10.0.{n}.0/24")).collect();
        assert_eq!(Networks::try_from(many), Err(LimitError::TooMany));
    }

    #[test]
    fn an_address_is_within_however_it_is_written_and_none_named_means_all() {
        let allow = |texts: &[&str], address: &str| {
            networks(texts).unwrap().allow(address.parse().unwrap())
        };

        assert!(allow(&[], "203.0.113.9") && allow(&[], "2001:db8::1"));
        assert!(allow(&["10.0.0.0/8"], "10.255.0.1"));
        assert!(allow(&["10.0.0.0/8"], "::ffff:10.255.0.1"));
        assert!(!allow(&["10.0.0.0/8"], "11.0.0.1"));
        assert!(allow(&["10.0.0.0/8", "2001:db8::/32"], "2001:db8:9::1"));
        assert!(!allow(&["10.0.0.0/8"], "2001:db8::1"));
        assert!(!allow(&["2001:db8::/32"], "10.0.0.1"));
    }

    #[test]
    fn a_quota_makes_sense_or_is_none() {
        let quota = |tokens, burst| TokenQuota::new(tokens, Per::Minute, burst, QuotaMode::Enforce);

        assert_eq!(quota(0, None), Err(LimitError::Tokens));
        assert_eq!(quota(1_000_001, None), Err(LimitError::Tokens));
        assert_eq!(quota(10, Some(11)), Err(LimitError::Burst));
        assert_eq!(quota(10, Some(0)), Err(LimitError::Burst));
        let ten = quota(10, None).unwrap();
        assert_eq!((ten.burst(), ten.share()), (10, 6_000_000));
        assert_eq!(ten.to_string(), "10 tokens per minute, 10 at once");
    }

    #[test]
    fn there_are_as_many_networks_as_there_may_be() {
        assert!(Networks::default().is_empty());
        let most: Vec<String> = (10..74).map(|n| format!("10.0.{n}.0/24")).collect();

        let read = Networks::try_from(most.clone()).unwrap();

        assert!(!read.is_empty());
        assert_eq!(Vec::from(read), most);
    }

    #[test]
    fn a_quota_is_read_by_the_words_that_it_is_written_with() {
        for per in Per::ALL {
            assert_eq!(per.as_str().parse(), Ok(per));
        }
        assert_eq!("day".parse::<Per>(), Err(LimitError::Per));
        for mode in QuotaMode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        assert_eq!("off".parse::<QuotaMode>(), Err(LimitError::Mode));
        let quota = TokenQuota::new(10, Per::Hour, Some(3), QuotaMode::Watch).unwrap();
        assert_eq!((quota.tokens(), quota.burst()), (10, 3));
    }
}
