//! Apache with both of its modules for tokens, as a process of its own that nothing of the system's configuration reaches.

use std::{fs, path::Path, process::Command};

use crate::proxies::kit::Proxy;

pub(super) const MOD_OAUTH2: Proxy = Proxy {
    more: &[],
    file: "resource-servers/mod_oauth2.conf",
    command: apache,
};

pub(super) const MOD_AUTH_OPENIDC: Proxy = Proxy {
    more: &[],
    file: "resource-servers/mod_auth_openidc.conf",
    command: apache,
};

/// Where Debian puts the modules, and those that the sites need.
const FOLDER: &str = "/usr/lib/apache2/modules";
const MODULES: [&str; 11] = [
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "headers",
    "proxy",
    "proxy_http",
    "socache_shmcb",
    "ssl",
    "oauth2",
    "auth_openidc",
];

/// Apache with this site, in one process that ends when it is killed.
fn apache(site: &Path) -> Command {
    let folder = site.parent().unwrap().join("apache");
    fs::create_dir_all(&folder).unwrap();
    let here = folder.display();
    let modules = MODULES.map(|name| format!("LoadModule {name}_module {FOLDER}/mod_{name}.so\n"));
    let frame = format!(
        "{}ServerRoot {here}\nDefaultRuntimeDir {here}\nPidFile {here}/apache.pid\nErrorLog /dev/stderr\n\
         ServerName localhost\nUser www-data\nGroup www-data\nInclude {}\n",
        modules.concat(),
        site.display()
    );
    let file = folder.join("apache.conf");
    fs::write(&file, frame).unwrap();
    let mut command = Command::new("/usr/sbin/apache2");
    command.args(["-X", "-f"]).arg(file);
    command
}
