#!/bin/sh
# Weights from SwitchLab into the reference and back, with equal logits. Run from the project's root after `mvn -q test-compile`:
#   PYTHONPATH=<checkout of the reference> golden/exchange.sh [folder for the files]
set -eu
folder=${1:-target/exchange}
python=${PYTHON:-/usr/bin/python3}
classpath=target/test-classes:target/classes:$(cat target/classpath)
export OMP_NUM_THREADS=1
switchlab() {
    java -Dai.djl.offline=true -Dai.djl.pytorch.num_threads=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -cp "$classpath" dev.switchlab.golden.Exchange "$@"
}

echo "SwitchLab trains, the reference loads:"
switchlab create "$folder/switchlab"
"$python" golden/exchange.py check "$folder/switchlab/weights.safetensors" "$folder/switchlab/logits.safetensors"

echo "The reference trains, SwitchLab loads:"
"$python" golden/exchange.py export "$folder/reference"
switchlab check "$folder/reference/weights.safetensors" "$folder/reference/logits.safetensors"
