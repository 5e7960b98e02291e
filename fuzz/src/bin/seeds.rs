//! Writes a seed for the target `records` from every record in the data files of released formats: to be run when
//! there is a new one. `seeds FOLDER`, from the folder of this crate.

use std::{collections::BTreeMap, fs, path::Path};

use jeton::{
    config::MasterKeySource,
    crypto::{mac::sha256, random::Entropy, text::hex},
    store::{
        master_key,
        redb::{RedbStore, fuzzing::records},
    },
};
use jeton_fuzz::TABLES;
// What is instrumented calls it, whoever runs.
use libfuzzer_sys as _;

fn main() {
    jeton::crypto::install_provider();
    let folder = std::env::args().nth(1).expect("say where to: seeds FOLDER");
    let work = std::env::temp_dir().join(format!("jeton-fuzz-seeds-{}", std::process::id()));
    let mut seeds = BTreeMap::new();
    for format in 1.. {
        let file = format!("../tests/fixtures/format-{format}");
        if !Path::new(&format!("{file}.redb")).exists() {
            break;
        }
        // A copy: what is old becomes new when it is opened.
        fs::copy(format!("{file}.redb"), &work).expect("there is room");
        for (table, record) in in_file(&work, &format!("{file}.master.key")) {
            let number = TABLES.iter().position(|it| *it == table);
            let number = u8::try_from(number.expect("it is a table")).expect("there are few");
            let seed = [&[number], record.as_slice()].concat();
            seeds.insert(hex(&sha256(&seed)[..8]), seed);
        }
    }
    drop(fs::remove_file(&work));
    for (name, seed) in seeds {
        fs::write(Path::new(&folder).join(name), seed).expect("there is room");
    }
}

fn in_file(path: &Path, key: &str) -> Vec<(&'static str, Vec<u8>)> {
    let key = fs::read_to_string(key).expect("its key lies beside it");
    let key = master_key::load(&MasterKeySource::Given(key.into()));
    let store = RedbStore::open(path, &key.expect("it is a key"), &Entropy::os());
    records(&store.expect("it opens")).expect("all of it can be read")
}
