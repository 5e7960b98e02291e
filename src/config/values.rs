//! The values of settings that are types of their own.

use std::{net::SocketAddr, str::FromStr};

use clap::ValueEnum;
use ipnet::IpNet;

use crate::domain::{issued_token::TokenRecords, issuer::Issuer, profile::Profile};

/// An address and a port to listen on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Endpoint(pub SocketAddr);

impl Default for Endpoint {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 8080)))
    }
}

impl FromStr for Endpoint {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NOT_AN_ENDPOINT: ValueError =
            ValueError("an address and a port, as 127.0.0.1:8080 or [::1]:8080");
        text.parse().map(Self).map_err(|_| NOT_AN_ENDPOINT)
    }
}

/// The web address below which the console lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConsoleUrl(pub Issuer);

impl FromStr for ConsoleUrl {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NO_ADDRESS: ValueError =
            ValueError("a web address without /console, as https://console.example.com");
        let address: Issuer = text.parse().map_err(|_| NO_ADDRESS)?;
        if address.path().ends_with("/console") {
            return Err(NO_ADDRESS);
        }
        Ok(Self(address))
    }
}

/// A profile by its name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ProfileName(pub Profile);

impl FromStr for ProfileName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let mut all = [Profile::Standard, Profile::Fapi2].into_iter();
        let named = all.find(|profile| profile.as_str() == text);
        named.map(Self).ok_or(ValueError("standard or fapi2"))
    }
}

/// A network, or a single address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NOT_A_NETWORK: ValueError =
            ValueError("a network or an address, as 10.0.0.0/8 or 10.1.2.3");
        let network = text.parse::<IpNet>();
        let alone = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        network
            .or_else(|_| alone())
            .map(Self)
            .map_err(|_| NOT_A_NETWORK)
    }
}

/// The header in which a proxy says for whom it asks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl FromStr for ForwardedBy {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        <Self as ValueEnum>::from_str(text, false)
            .map_err(|_| ValueError("x-forwarded-for or forwarded"))
    }
}

/// The header in which a proxy says which certificate a client showed to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum CertificateHeader {
    /// `Client-Cert` (RFC 9440).
    ClientCert,
    /// `X-SSL-Client-Cert`: PEM with percent signs, or base64.
    XSslClientCert,
    /// `X-Forwarded-Client-Cert`, as Envoy writes it.
    XForwardedClientCert,
    /// `X-Forwarded-Tls-Client-Cert`, as Traefik writes it.
    XForwardedTlsClientCert,
}

impl FromStr for CertificateHeader {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        const NOT_A_HEADER: ValueError = ValueError(
            "client-cert, x-ssl-client-cert, x-forwarded-client-cert or x-forwarded-tls-client-cert",
        );
        <Self as ValueEnum>::from_str(text, false).map_err(|_| NOT_A_HEADER)
    }
}

/// Whether something is offered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    #[default]
    Off,
}

impl FromStr for Switch {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| ValueError("on or off"))
    }
}

/// Whether tokens are put on record, as a setting says it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TokenRecordsName(pub TokenRecords);

impl FromStr for TokenRecordsName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "off" => Ok(Self(TokenRecords::Off)),
            "durable" => Ok(Self(TokenRecords::Durable)),
            _ => Err(ValueError("off or durable")),
        }
    }
}

/// What a setting's value should have been.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub(super) &'static str);
