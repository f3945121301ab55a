package dev.switchlab.nn;

/** Which kernel small products take, for tests only: it changes bits. */
public final class Kernels {

    private Kernels() {}

    /** From here on this process hands every product to the convolution that large models take. */
    public static void convolveEverything() {
        Products.small = 0;
    }
}
