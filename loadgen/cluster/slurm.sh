#!/bin/bash
# One load, fired from several hosts of a Slurm cluster, and one result:
#
#   sbatch loadgen/cluster/slurm.sh attack http://SERVER:8080/ -c 1024 -d 30s
#   sbatch --nodes=8 loadgen/cluster/slurm.sh attack http://SERVER:8080/ -R 400000
#   sbatch loadgen/cluster/slurm.sh run --scenario plaintext --target mine='./server 0.0.0.0:{port}'
#
# Every task is a shard. Shards leave their files in a folder of the directory that the job was submitted from, so that
# has to be one that all nodes see. loadgen has to be on the PATH of all of them.
#SBATCH --job-name=loadgen
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=00:15:00
#SBATCH --no-requeue
#SBATCH --output=%x-%j.out

if [ "$#" -eq 0 ]; then
    echo "usage: sbatch loadgen/cluster/slurm.sh attack URL [FLAG...], or run --target NAME=COMMAND [FLAG...]" >&2
    exit 2
fi
for word in "$@"; do
    case $1/$word in
    attack/--shard-dir | attack/--shard-dir=*)
        echo "$word: this script merges shards/slurm-JOB.0, where they are without it; leave it out, or call srun yourself" >&2
        exit 2
        ;;
    esac
done

# One descriptor for each connection, and the limit that a login shell has is often 1,024.
ulimit -n "$(ulimit -Hn)"

# A shard that fails ends alone: what the others have seen is a partial result, and worth more than none. Each has a node
# for itself and may use all of its processors; by default many clusters bind a task to one.
srun --kill-on-bad-exit=0 --wait=0 --cpu-bind=none loadgen "$@"
status=$?

# `run` gathers its shards itself. The first srun of a job is its step 0; where it left no shard, it has said why.
folder="shards/slurm-$SLURM_JOB_ID.0"
if [ "$1" = attack ] && compgen -G "$folder/shard-*.json" > /dev/null; then
    loadgen merge "$folder"
    status=$?
fi
exit "$status"
