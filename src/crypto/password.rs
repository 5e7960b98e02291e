//! Argon2id for what people choose: operators' passwords and imported secrets.
//!
//! About 30 ms and 19 MiB per hash, on purpose: call it off the async threads, behind a bound. Never for
//! secrets the server made itself; those are for [`crate::crypto::mac`].

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use serde::{Deserialize, Serialize};

use crate::crypto::random::Entropy;

/// KiB of memory for a new hash (OWASP's first choice for argon2id).
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A password's argon2id hash. Whatever its record says, checking it costs at most 64 MiB and five passes.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes `password` under a fresh salt, at today's cost.
    ///
    /// # Panics
    /// If there is no memory to hash in.
    pub fn of(password: &str, entropy: &Entropy) -> Self {
        let salt = entropy.bytes::<16>();
        let hash = today()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .expect("fixed costs and a salt of 16 bytes are valid");
        Self(hash.to_string())
    }

    /// Reads a hash in PHC form, ours or imported: argon2id, version 19, costs within bounds.
    ///
    /// The costs of a check come from the record, so a record that asks for gigabytes is refused here.
    pub fn parse(phc: &str) -> Result<Self, PasswordHashError> {
        if phc.len() > MAX_TEXT {
            return Err(PasswordHashError::Malformed);
        }
        let hash = phc::PasswordHash::new(phc).map_err(|_| PasswordHashError::Malformed)?;
        if hash.algorithm != Algorithm::Argon2id.ident()
            || hash.version != Some(Version::V0x13.into())
        {
            return Err(PasswordHashError::Algorithm);
        }
        if hash
            .params
            .iter()
            .any(|(name, _)| !matches!(name.as_str(), "m" | "t" | "p"))
        {
            return Err(PasswordHashError::Malformed);
        }
        let costs = Params::try_from(&hash).map_err(|_| PasswordHashError::Malformed)?;
        if costs.m_cost() > MAX_MEMORY || costs.t_cost() > MAX_PASSES || costs.p_cost() > MAX_LANES
        {
            return Err(PasswordHashError::Costs);
        }
        let salt = hash.salt.ok_or(PasswordHashError::Malformed)?;
        let output = hash.hash.ok_or(PasswordHashError::Malformed)?;
        if salt.len() < 8 || output.len() < 16 {
            return Err(PasswordHashError::Short);
        }
        Ok(Self(phc.to_owned()))
    }

    /// Whether `password` is the one that was hashed.
    pub fn verify(&self, password: &str) -> bool {
        today()
            .verify_password(password.as_bytes(), &self.phc())
            .is_ok()
    }

    /// Whether the hash was made at other costs than today's. If so, hash anew after the next success.
    pub fn needs_rehash(&self) -> bool {
        let costs = self.costs();
        let short = costs.output_len() < Some(Params::DEFAULT_OUTPUT_LEN);
        short || (costs.m_cost(), costs.t_cost(), costs.p_cost()) != (MEMORY, PASSES, LANES)
    }

    /// The hash in PHC form, for the store. Not for logs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn costs(&self) -> Params {
        Params::try_from(&self.phc()).expect("costs were checked when the hash was made or parsed")
    }

    fn phc(&self) -> phc::PasswordHash {
        phc::PasswordHash::new(&self.0)
            .expect("the text was checked when the hash was made or parsed")
    }
}

const MAX_TEXT: usize = 512;
const MAX_MEMORY: u32 = 64 * 1024;
const MAX_PASSES: u32 = 5;
const MAX_LANES: u32 = 4;

fn today() -> Argon2<'static> {
    let costs = Params::new(MEMORY, PASSES, LANES, None).expect("the fixed costs are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs)
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordHashError;

    fn from_str(phc: &str) -> Result<Self, PasswordHashError> {
        Self::parse(phc)
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = PasswordHashError;

    fn try_from(phc: String) -> Result<Self, PasswordHashError> {
        Self::parse(&phc)
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0
    }
}

/// Why a stored or imported hash was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PasswordHashError {
    /// Not a PHC string of argon2.
    #[error("not a password hash in PHC form")]
    Malformed,
    /// Another algorithm or version.
    #[error("only argon2id version 19 is accepted")]
    Algorithm,
    /// Too dear to check.
    #[error("the costs exceed 64 MiB, 5 passes or 4 lanes")]
    Costs,
    /// Too little to be safe.
    #[error("the salt is under 8 bytes or the hash under 16")]
    Short,
}
