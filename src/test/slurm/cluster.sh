#!/usr/bin/env bash
# A Slurm cluster of three nodes on this one machine, for tests: munged, slurmctld and one slurmd a node, all their state in one folder.
#
#   cluster.sh start FOLDER       start it and wait until its nodes are idle; then SLURM_CONF=FOLDER/slurm.conf for sbatch and the like
#   cluster.sh down FOLDER NODE   take a node's power: its daemon and everything that runs on it die at once
#   cluster.sh up FOLDER NODE     give it back
#   cluster.sh stop FOLDER        stop what was started there
#
# Needs root, and Debian's packages slurm-wlm and munge. Without them it says so and exits with 3.
set -euo pipefail

usage() { echo "usage: $0 start|stop FOLDER, or $0 down|up FOLDER n1|n2|n3" >&2; exit 2; }
[ $# -ge 2 ] || usage
verb=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
host=$(hostname -s)
nodes=3
export SLURM_CONF=$folder/slurm.conf

missing() { echo "no Slurm here: $1" >&2; exit 3; }

# Every process started here by its id, so that nothing else is ever stopped.
pids() { cat "$folder"/pid/*.pid 2>/dev/null || true; }

stop() {
  local pid
  for pid in $(pids); do kill "$pid" 2>/dev/null || true; done
  for _ in $(seq 100); do
    local alive=
    for pid in $(pids); do kill -0 "$pid" 2>/dev/null && alive=yes; done
    [ -n "$alive" ] || break
    sleep 0.1
  done
  for pid in $(pids); do kill -9 "$pid" 2>/dev/null || true; done
  rm -f "$folder"/pid/*.pid
}

free_port() {
  local port
  for port in $(shuf -i 20000-40000 -n 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

start() {
  [ "$(id -u)" = 0 ] || missing "the daemons need root"
  local program
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || missing "$program is not installed (Debian: apt-get install slurm-wlm munge)"
  done
  rm -rf "$folder"/{state,spool}
  mkdir -p "$folder"/{state,spool,log,pid,munge}

  # A key and a socket of its own: munged as root, so that nothing outside of the folder is touched.
  [ -f "$folder/munge/key" ] || (umask 077 && head -c 1024 /dev/urandom > "$folder/munge/key")
  chmod 755 "$folder/munge"
  munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/pid/munged.pid" \
    --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed"

  {
    cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
AuthType=auth/munge
# What was requeued waits for as long as a credential lives: 2 minutes, if nothing is said.
AuthInfo=socket=$folder/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/pid/slurmctld.pid
SlurmdPidFile=$folder/pid/slurmd.%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
DefMemPerCPU=1000
# Seconds: a test waits for these.
SchedulerParameters=sched_interval=2,sched_min_interval=100000,batch_sched_delay=1
KillWait=20
MinJobAge=600
PropagateResourceLimitsExcept=ALL
CONF
    local node
    for node in $(seq $nodes); do
      echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$(free_port) CPUs=2 RealMemory=6000"
    done
    echo "PartitionName=all Nodes=ALL Default=YES State=UP"
  } > "$folder/slurm.conf"
  slurmctld
  for node in $(seq $nodes); do slurmd -N "n$node"; done
  for _ in $(seq 300); do
    [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l)" = $nodes ] && return
    sleep 0.1
  done
  echo "the cluster did not come up within 30 s; see $folder/log" >&2
  tail -n 5 "$folder"/log/*.log >&2
  stop
  exit 1
}

# Processes of jobs on a node of this cluster, by what Slurm put into their environment.
jobs_on() {
  local environment
  for environment in /proc/[0-9]*/environ; do
    if { tr '\0' '\n' < "$environment" | grep -qxF "SLURMD_NODENAME=$1"; } 2>/dev/null &&
      { tr '\0' '\n' < "$environment" | grep -qxF "SLURM_CONF=$SLURM_CONF"; } 2>/dev/null; then
      basename "$(dirname "$environment")"
    fi
  done
}

# Daemon of a node, and the processes that report the end of its jobs (slurmstepd), by the log that they write.
daemons_of() { find /proc/[0-9]*/fd -lname "$folder/log/slurmd.$1.log" 2>/dev/null | cut -d/ -f3 | sort -u; }

# The daemon first, so that no job starts meanwhile. Who reports a job's end dies before the job. A job may be about to
# start: until nothing is left.
down() {
  local jobs daemons
  kill -9 "$(cat "$folder/pid/slurmd.$1.pid")" 2>/dev/null || true
  while jobs=$(jobs_on "$1"); daemons=$(daemons_of "$1"); [ -n "$daemons$jobs" ]; do
    kill -9 $daemons $jobs 2>/dev/null || true
  done
  scontrol update "NodeName=$1" State=DOWN Reason=test
}

up() {
  slurmd -N "$1"
  for _ in $(seq 300); do
    [ -n "$(sinfo -h -n "$1" -t idle,mixed,alloc -o %N 2>/dev/null)" ] && return
    sleep 0.1
  done
  echo "node $1 did not come back; see $folder/log" >&2
  exit 1
}

case $verb in
  start | stop) [ $# -eq 2 ] || usage ;;
  down | up) [[ $# -eq 3 && $3 =~ ^n[1-$nodes]$ ]] || usage ;;
  *) usage ;;
esac
case $verb in
  start) start ;;
  stop) stop ;;
  down) down "$3" ;;
  up) up "$3" ;;
esac
