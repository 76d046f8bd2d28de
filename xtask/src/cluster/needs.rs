//! What the parts need that Rust does not bring.

use crate::clients::installed::Program;

use super::Part;

/// What a room is made with, and a network in it.
const ROOM: [Program; 6] = [
    Program { name: "ip", package: "iproute2" },
    Program { name: "unshare", package: "util-linux" },
    Program { name: "setpriv", package: "util-linux" },
    Program { name: "mount", package: "mount" },
    Program { name: "hostname", package: "hostname" },
    Program { name: "sh", package: "dash" },
];

const SLURM: [Program; 7] = [
    Program { name: "munged", package: "munge" },
    Program { name: "slurmctld", package: "slurm-wlm" },
    Program { name: "slurmd", package: "slurm-wlm" },
    Program { name: "sinfo", package: "slurm-wlm" },
    Program { name: "sbatch", package: "slurm-wlm" },
    Program { name: "srun", package: "slurm-wlm" },
    Program { name: "scontrol", package: "slurm-wlm" },
];

/// An error that says what to install, or that it takes root.
pub(super) fn check(parts: &[Part]) -> Result<(), String> {
    let mut programs: Vec<&Program> = Vec::new();
    if parts.iter().any(|part| part.takes_a_room()) {
        programs.extend(&ROOM);
    }
    if parts.contains(&Part::Slurm) {
        programs.extend(&SLURM);
    }
    let missing: Vec<_> = programs.into_iter().filter(|program| !program.is_installed()).collect();
    if !missing.is_empty() {
        return Err(tell(&missing));
    }
    if parts.iter().any(|part| part.takes_a_room()) && !rustix::process::geteuid().is_root() {
        let flags: Vec<_> = parts.iter().filter(|part| part.takes_a_room()).map(|part| part.flag()).collect();
        return Err(format!(
            "{} make networks and mounts of their own, which takes root; --ranks and --scale do not",
            flags.join(" and ")
        ));
    }
    Ok(())
}

fn tell(missing: &[&Program]) -> String {
    let names: Vec<_> = missing.iter().map(|program| program.name).collect();
    let mut packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    packages.dedup();
    format!("not installed: {}; as root: apt-get install {}", names.join(", "), packages.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{SLURM, tell};

    #[test]
    fn what_is_missing_is_told_with_the_packages_that_bring_it() {
        let told = tell(&SLURM.iter().collect::<Vec<_>>());
        assert!(told.ends_with("apt-get install munge slurm-wlm"), "{told}");
        assert!(told.starts_with("not installed: munged, slurmctld, "), "{told}");
    }
}
