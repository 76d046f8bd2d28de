//! The configuration that all of a cluster's daemons and commands read.

use std::path::Path;

use super::super::network::{HEAD, Host};

/// Processors that each node is said to have. Whether the machine has as many does not matter here.
pub(super) const CPUS: usize = 2;

/// `cgroup.conf`: a node finds no control groups in the room, and would not start for want of them. This kind looks for
/// them only when they are used.
pub(super) const CGROUPS: &str = "CgroupPlugin=cgroup/v1\n";

/// `slurm.conf` for these nodes, whose daemons write below `folder`.
pub(super) fn text(nodes: &[Host], folder: &Path) -> String {
    let folder = folder.display();
    let head = format!("{}({})", HEAD.name, HEAD.addr);
    let node =
        |node: &Host| format!("NodeName={} NodeAddr={} CPUs={CPUS} State=UNKNOWN", node.name, node.addr);
    let nodes = nodes.iter().map(node).collect::<Vec<_>>().join("\n");
    format!(
        "ClusterName=lab
SlurmctldHost={head}
# Root, because nobody else is in the room.
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
# Neither control groups nor binding to processors: the nodes share one kernel, and its processors are not theirs.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# Believe the file rather than the machine.
SlurmdParameters=config_overrides
ReturnToService=2
# Nobody is to get mail.
MailProg=/bin/true
{nodes}
PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::network::Host;
    use super::text;

    #[test]
    fn each_node_has_its_address_and_the_head_its_name() {
        let text = text(&[Host::new("n0", 10), Host::new("n1", 11)], Path::new("/room"));
        assert!(text.contains("SlurmctldHost=head(10.77.0.254)\n"), "{text}");
        assert!(text.contains("NodeName=n1 NodeAddr=10.77.0.11 CPUs=2 State=UNKNOWN\n"), "{text}");
        assert!(text.contains("AuthInfo=socket=/room/munge.socket\n"), "{text}");
    }
}
