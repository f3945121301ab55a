package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;

/** A sum in place. Outside a script, libtorch lets nobody change what a script made. */
public final class SumKernel {

    private static final Script SCRIPT = Script.of("sum", """
            def add(self, sum: Tensor, other: Tensor) -> int:
              torch.add_(sum, other)
              return 0
            """);

    private SumKernel() {}

    /** {@code sum += other}, of one shape. */
    public static void add(NDArray sum, NDArray other) {
        SCRIPT.run("add", sum, other);
    }
}
