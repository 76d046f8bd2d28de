//! The machine, as far as it explains a number. It has no name here: results are published.

use std::fs;

use serde::{Deserialize, Serialize};

/// What a number was measured on.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Such as `linux`.
    pub os: String,
    /// Such as `x86_64`.
    pub arch: String,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// The processor's name as it gives it itself.
    pub cpu_model: Option<String>,
    /// Logical CPUs that are online.
    pub cpus: Option<usize>,
    /// Main memory.
    pub memory_bytes: Option<u64>,
    /// The frequency governor of the first CPU; virtual machines mostly have none.
    pub governor: Option<String>,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        let cpuinfo = read("/proc/cpuinfo").unwrap_or_default();
        let meminfo = read("/proc/meminfo").unwrap_or_default();
        let trimmed = |path: &str| read(path).map(|text| text.trim().to_owned());
        Self {
            os: std::env::consts::OS.into(),
            arch: std::env::consts::ARCH.into(),
            kernel: trimmed("/proc/sys/kernel/osrelease"),
            cpu_model: field(&cpuinfo, "model name").map(str::to_owned),
            cpus: Some(cpuinfo.lines().filter(|line| line.starts_with("processor")).count())
                .filter(|&count| count > 0),
            memory_bytes: field(&meminfo, "MemTotal").and_then(kib_to_bytes),
            governor: trimmed("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        }
    }

    /// A short name for a directory: `linux-x86_64-2cpu-amd-epyc`.
    pub fn slug(&self) -> String {
        let mut parts = vec![self.os.clone(), self.arch.clone()];
        parts.extend(self.cpus.map(|cpus| format!("{cpus}cpu")));
        parts.extend(self.cpu_model.as_deref().map(model_slug).filter(|model| !model.is_empty()));
        parts.join("-")
    }
}

/// The value of the first line `key : value`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    values.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| *name == key).map(|(_, v)| v)
}

fn kib_to_bytes(text: &str) -> Option<u64> {
    text.strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// A processor's name in lower case, without trademarks, clock rate and filler.
fn model_slug(model: &str) -> String {
    /// Characters that a file's name spends on the processor, at most.
    const LENGTH_MAX: usize = 40;
    let model = model.split('@').next().unwrap_or_default().to_lowercase();
    let model = model.replace("(r)", " ").replace("(tm)", " ");
    let mut slug = String::new();
    for word in model.split(|c: char| !c.is_ascii_alphanumeric()) {
        if word.is_empty() || word == "cpu" || word == "processor" {
            continue;
        }
        if slug.len() + 1 + word.len() > LENGTH_MAX {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_names_the_kind_of_machine() {
        let mut machine = Machine {
            os: "linux".into(),
            arch: "x86_64".into(),
            cpus: Some(2),
            cpu_model: Some("AMD EPYC".into()),
            ..Machine::default()
        };
        assert_eq!(machine.slug(), "linux-x86_64-2cpu-amd-epyc");
        machine.cpu_model = Some("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz".into());
        assert_eq!(machine.slug(), "linux-x86_64-2cpu-intel-xeon-e5-2680-v4");
        machine.cpu_model = None;
        machine.cpus = None;
        assert_eq!(machine.slug(), "linux-x86_64");
    }

    #[test]
    fn fields_are_read_by_their_whole_name() {
        let text = "model\t\t: 1\nmodel name\t: AMD EPYC\nMemTotal:       16 kB\n";
        assert_eq!(field(text, "model name"), Some("AMD EPYC"));
        assert_eq!(field(text, "MemTotal").and_then(kib_to_bytes), Some(16384));
        assert_eq!(field(text, "governor"), None);
    }
}
