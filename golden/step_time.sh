#!/bin/sh
# SwitchLab's training step against the reference's, in turn on this machine, and the ratio. After `mvn -q test-compile`:
#   PYTHONPATH=<checkout of the reference> golden/step_time.sh [threads] [experts] [rounds]
# Give the reference a good BLAS (Debian: libopenblas0-openmp, and LD_LIBRARY_PATH or update-alternatives): the plain one is 10 times slower.
set -eu
threads=${1:-2}
experts=${2:-4}
rounds=${3:-3}
classpath=target/test-classes:target/classes:$(cat target/classpath)
round=1
while [ "$round" -le "$rounds" ]; do
    theirs=$("${PYTHON:-/usr/bin/python3}" golden/step_time.py "$threads" "$experts")
    ours=$(java -Dai.djl.offline=true -Dai.djl.pytorch.num_threads="$threads" -Dai.djl.pytorch.num_interop_threads=1 \
        -cp "$classpath" dev.switchlab.train.StepBenchmark "model.n_experts=$experts")
    awk -v t="$theirs" -v o="$ours" -v r="$round" -v n="$threads" -v e="$experts" \
        'BEGIN { printf "round %d, %d threads, %d experts: reference %.1f ms, SwitchLab %.1f ms, ratio %.2f\n", r, n, e, t, o, o / t }'
    round=$((round + 1))
done
