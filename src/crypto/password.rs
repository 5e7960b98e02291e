//! Argon2id for what people choose: operators' passwords and imported secrets.
//!
//! About 30 ms and 19 MiB per hash, on purpose: call it off the async threads, behind a bound. Never for
//! secrets the server made itself; those are for [`crate::crypto::mac`].

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

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
        let costs = Params::new(MEMORY, PASSES, LANES, None).expect("the fixed costs are valid");
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        fill(&costs, password, &salt, &mut output)
            .expect("fixed costs and a salt of 16 bytes are valid");
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&costs).try_into().expect("the fixed costs have a text"),
            salt: Some(phc::Salt::new(&salt).expect("16 bytes are a salt")),
            hash: Some(phc::Output::new(&output).expect("32 bytes are an output")),
        };
        Self(hash.to_string())
    }

    /// Reads a hash in PHC form, ours or imported: argon2id, version 19, costs within bounds.
    ///
    /// The costs of a check come from the record, so a record that asks for gigabytes is refused here.
    pub fn parse(phc: &str) -> Result<Self, PasswordHashError> {
        let hash = phc::PasswordHash::new(phc).map_err(|_| PasswordHashError::Malformed)?;
        if hash.algorithm != Algorithm::Argon2id.ident()
            || hash.version != Some(Version::V0x13.into())
        {
            return Err(PasswordHashError::Algorithm);
        }
        let names = hash.params.iter().map(|(name, _)| name.to_string());
        if !names.eq(["m", "t", "p"]) {
            return Err(PasswordHashError::Malformed);
        }
        let costs = Params::try_from(&hash).map_err(|_| PasswordHashError::Malformed)?;
        if costs.m_cost() > MAX_MEMORY || costs.t_cost() > MAX_PASSES || costs.p_cost() > MAX_LANES
        {
            return Err(PasswordHashError::Costs);
        }
        if hash.salt.is_none() {
            return Err(PasswordHashError::Malformed);
        }
        match hash.hash {
            None => Err(PasswordHashError::Malformed),
            Some(output) if output.len() < 16 => Err(PasswordHashError::Short),
            Some(_) => Ok(Self(phc.to_owned())),
        }
    }

    /// Whether `password` is the one that was hashed.
    pub fn verify(&self, password: &str) -> bool {
        let phc = self.phc();
        let (Some(salt), Some(hash)) = (phc.salt, phc.hash) else {
            return false;
        };
        let mut output = vec![0; hash.as_bytes().len()];
        let filled = fill(&self.costs(), password, &salt, &mut output);
        filled.is_ok() && bool::from(output.ct_eq(hash.as_bytes()))
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

const MAX_MEMORY: u32 = 64 * 1024;
const MAX_PASSES: u32 = 5;
const MAX_LANES: u32 = 4;

/// How many blocks are asked for at least. What is as large as this the allocator gives back at once; what is smaller, it
/// keeps for each thread that ever hashed. Those that are not needed are never touched.
const LEAST_BLOCKS: usize = 33_792;

fn fill(costs: &Params, password: &str, salt: &[u8], output: &mut [u8]) -> argon2::Result<()> {
    let count = costs.block_count();
    let mut blocks = Vec::with_capacity(count.max(LEAST_BLOCKS));
    blocks.resize(count, Block::new());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, costs.clone()).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        output,
        blocks.as_mut_slice(),
    )
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
    #[error("the hash is under 16 bytes")]
    Short,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector of the reference implementation: at the very bounds of what is accepted.
    const REFERENCE: &str =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    #[test]
    fn the_right_password_verifies_and_no_other() {
        let hash = PasswordHash::of("correct horse", &Entropy::seeded(1));

        assert!(hash.verify("correct horse"));
        assert!(!hash.verify("correct horsE"));
        assert!(!hash.verify(""));
        assert!(!hash.needs_rehash());
    }

    /// ST-01
    #[test]
    fn a_hash_names_its_costs_and_comes_back_from_its_text() {
        let hash = PasswordHash::of("correct horse", &Entropy::seeded(1));

        let json = serde_json::to_string(&hash).unwrap();

        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(serde_json::from_str::<PasswordHash>(&json).unwrap(), hash);
        assert_eq!(hash.as_str().parse(), Ok(hash));
    }

    /// ST-01
    #[test]
    fn every_hash_has_its_own_salt() {
        let entropy = Entropy::seeded(1);

        assert_ne!(
            PasswordHash::of("same", &entropy),
            PasswordHash::of("same", &entropy)
        );
    }

    #[test]
    fn a_hash_made_elsewhere_verifies_and_asks_to_be_made_anew() {
        let hash = PasswordHash::parse(REFERENCE).unwrap();

        assert!(hash.verify("password"));
        assert!(!hash.verify("differentpassword"));
        assert!(hash.needs_rehash());
    }

    #[test]
    fn a_short_hash_asks_to_be_made_anew() {
        let hash = PasswordHash::of("correct horse", &Entropy::seeded(1));
        let (head, output) = hash.as_str().rsplit_once('$').unwrap();
        let short = PasswordHash::parse(&format!("{head}${}", &output[..24])).unwrap();

        assert!(short.needs_rehash());
    }

    #[test]
    fn hashes_that_are_too_dear_too_weak_or_foreign_are_refused() {
        use PasswordHashError::{Algorithm, Costs, Malformed, Short};
        let with = |from: &str, to: &str| PasswordHash::parse(&REFERENCE.replace(from, to)).err();

        assert_eq!(with("m=65536", "m=65537"), Some(Costs));
        assert_eq!(with("m=65536", "m=4294967295"), Some(Costs));
        assert_eq!(with("t=2", "t=6"), Some(Costs));
        assert_eq!(with("p=1", "p=5"), Some(Costs));
        assert_eq!(with("argon2id", "argon2i"), Some(Algorithm));
        assert_eq!(with("argon2id", "scrypt"), Some(Algorithm));
        assert_eq!(with("v=19", "v=16"), Some(Algorithm));
        assert_eq!(with("$v=19", ""), Some(Algorithm));
        assert_eq!(with(",p=1", ",p=1,data=AAAA"), Some(Malformed));
        assert_eq!(with("t=2", "t=0"), Some(Malformed));
        assert_eq!(with("t=2", "t=2,t=3"), Some(Malformed));
        assert_eq!(with("m=65536,", ""), Some(Malformed));
        assert_eq!(with("c29tZXNhbHQ", "c29tZQ"), Some(Malformed));
        assert_eq!(
            with(
                "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
                "CTFhFdXPJO1aFaM"
            ),
            Some(Short)
        );
        assert_eq!(
            with("$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", ""),
            Some(Malformed)
        );
        for text in [
            "",
            "plain",
            "$2b$12$abc",
            &"$".repeat(600),
            &format!("{REFERENCE}\n"),
        ] {
            assert_eq!(PasswordHash::parse(text).err(), Some(Malformed), "{text:?}");
        }
    }

    #[test]
    fn debug_keeps_quiet() {
        let hash = PasswordHash::parse(REFERENCE).unwrap();

        assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
    }

    #[test]
    fn costs_and_length_are_taken_up_to_their_bounds() {
        let with = |from: &str, to: &str| PasswordHash::parse(&REFERENCE.replace(from, to));

        assert!(with("t=2", "t=5").is_ok());
        assert!(with("p=1", "p=4").is_ok());
        let output = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(with(output, "CTFhFdXPJO1aFaMaO6Mm5Q").is_ok(), "16 bytes");
        assert_eq!(
            with(output, "CTFhFdXPJO1aFaMaO6Mm"),
            Err(PasswordHashError::Short),
            "15 bytes"
        );
    }
}
