#!/usr/bin/env bash
# A Slurm cluster of this one machine, for a test: `cluster.sh up DIR` starts it with all its files in DIR and prints
# what to export, `cluster.sh down DIR` takes it down. Needs root, and slurmctld, slurmd and munge installed.
set -euo pipefail
action=$1
dir=$(mkdir -p "$2" && cd "$2" && pwd)

case $action in
up)
    mkdir -p "$dir"/{state,spool,log,munge}
    # Keys of a cluster that lives as long as a test.
    dd if=/dev/urandom of="$dir/munge/munge.key" bs=1024 count=1 status=none
    chmod 700 "$dir/munge"
    chmod 600 "$dir/munge/munge.key"
    cat >"$dir/slurm.conf" <<CONF
ClusterName=grok
SlurmctldHost=localhost
SlurmUser=root
AuthType=auth/munge
# A requeued task waits until its credential has expired.
AuthInfo=socket=$dir/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
MailProg=/bin/true
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
NodeName=localhost CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo) State=UNKNOWN
PartitionName=test Nodes=localhost Default=YES MaxTime=INFINITE State=UP
CONF
    munged --force --socket="$dir/munge/socket" --key-file="$dir/munge/munge.key" \
        --pid-file="$dir/munge/munged.pid" --log-file="$dir/log/munged.log" --seed-file="$dir/munge/seed"
    export SLURM_CONF="$dir/slurm.conf"
    slurmctld -c
    slurmd -N localhost -c
    for _ in $(seq 60); do
        if sinfo --noheader --format=%T 2>/dev/null | grep -q idle; then
            echo "SLURM_CONF=$dir/slurm.conf"
            exit 0
        fi
        sleep 1
    done
    echo "the node did not come up within a minute:" >&2
    tail -n 20 "$dir"/log/*.log >&2
    exit 1
    ;;
down)
    for pid in "$dir/slurmd.pid" "$dir/slurmctld.pid" "$dir/munge/munged.pid"; do
        [ -f "$pid" ] && kill "$(cat "$pid")" || true
    done
    ;;
*)
    echo "usage: cluster.sh up|down DIR" >&2
    exit 2
    ;;
esac
