#!/usr/bin/env bash
# Two hosts on this machine, for tests: network namespaces with names of their own and a wire between them.
#
#   two-hosts.sh COMMAND...   runs the command on the first, with MPIRUN set so that ranks are started on both; then they are gone again
#
# RATE=1gbit in the environment makes the wire no faster than that, each way.
#
# Needs root, Debian's packages openmpi-bin and iproute2, and a kernel that gives namespaces. Without them it says so and exits with 3.
set -euo pipefail

missing() { echo "no two hosts here: $1" >&2; exit 3; }

if [ "${1:-}" = --agent ]; then
  # What Open MPI calls instead of ssh: a host and the words of a shell command.
  host=$2
  shift 2
  exec ip netns exec "$host" unshare --uts bash -c "hostname $host; $*"
fi

[ $# -ge 1 ] || { echo "usage: $0 COMMAND..." >&2; exit 2; }
[ "$(id -u)" = 0 ] || missing "namespaces need root"
for program in mpirun ip unshare; do
  command -v "$program" >/dev/null || missing "$program is not installed (Debian: apt-get install openmpi-bin iproute2)"
done

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
a=lab-a-$$
b=lab-b-$$
clean() {
  ip netns del "$a" 2>/dev/null || true
  ip netns del "$b" 2>/dev/null || true
  rm -rf "/etc/netns/$a" "/etc/netns/$b"
}
trap clean EXIT

ip netns add "$a" 2>/dev/null || missing "the kernel gives no network namespaces"
ip netns add "$b"
ip link add wire netns "$a" type veth peer name wire netns "$b" 2>/dev/null || missing "the kernel has no veth"
mkdir -p "/etc/netns/$a" "/etc/netns/$b"
address=1
for host in "$a" "$b"; do
  ip -n "$host" addr add "10.97.0.$address/24" dev wire
  ip -n "$host" link set wire up
  ip -n "$host" link set lo up
  if [ -n "${RATE:-}" ]; then
    ip netns exec "$host" tc qdisc add dev wire root tbf rate "$RATE" burst 256k latency 100ms || missing "tc cannot limit the rate"
  fi
  printf '127.0.0.1 localhost\n10.97.0.1 %s\n10.97.0.2 %s\n' "$a" "$b" > "/etc/netns/$host/hosts"
  address=2
done

agent=$(mktemp)
printf '#!/bin/sh\nexec bash %s --agent "$@"\n' "$script" > "$agent"
chmod +x "$agent"
export MPIRUN="mpirun --host $a,$b --prtemca plm_ssh_agent $agent"
# shellcheck disable=SC2016
ip netns exec "$a" unshare --uts bash -c 'hostname "$0"; exec "$@"' "$a" "$@" || code=$?
rm -f "$agent"
exit "${code:-0}"
