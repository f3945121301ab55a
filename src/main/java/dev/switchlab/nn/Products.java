package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import java.util.Locale;

/**
 * {@code y = x W^T + b}, for one weight matrix or for one per group, by the fastest kernel that libtorch has.
 *
 * <p>On x86-64 that is not its matrix product but its convolution. A linear layer is a convolution with a 1 x 1 kernel over a picture
 * whose pixels are the tokens and whose channels are the features. libtorch computes products with MKL, which on processors of other makers
 * than Intel leaves the wide vector instructions alone, and convolutions with oneDNN, which compiles kernels for what the processor
 * has: on a Zen 5 core 205 instead of 101 GFLOP/s, forward and backward. Both layouts are the same memory, so nothing is copied. On
 * other processors, on CUDA, and for few tokens, the matrix product is taken.
 */
final class Products {

    private static final boolean IS_X86 = switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
        case "amd64", "x86_64" -> true;
        default -> false;
    };
    /**
     * Up to so many elements the product is faster: oneDNN compiles kernels for each new size, and libtorch hands it no picture without
     * groups that is as small (at::native::ConvParams::use_mkldnn). It chooses kernels and with them bits, so it is no setting: only tests
     * change it, to hold the convolution to small golden cases, too.
     */
    static long small = 20_480;

    private static final Shape ONE = new Shape(1, 1);
    private static final Shape NONE = new Shape(0, 0);
    /** A kernel of one pixel has nothing to spread, but for libtorch a dilated convolution is oneDNN's also on one thread. */
    private static final Shape DILATION = new Shape(2, 2);

    private Products() {}

    /**
     * One weight matrix.
     *
     * @param x (..., in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @return (..., out)
     */
    static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
        if (!isConvolution(x)) {
            return Linear.linear(x, weight, bias).singletonOrThrow(); // (..., out)
        }
        return linearByConvolution(x, weight, bias);
    }

    static NDArray linearByConvolution(NDArray x, NDArray weight, NDArray bias) {
        Shape shape = x.getShape();
        NDArray y = convolution(x, weight, bias, 1); // (R, out)
        Shape wanted =
                shape.slice(0, shape.dimension() - 1).add(weight.getShape().get(0));
        return y.reshape(wanted); // (..., out)
    }

    /**
     * A weight matrix for each expert.
     *
     * @param x (C, E, in): slot, expert, feature
     * @param weight (E, out, in)
     * @param bias (E, out), or null
     * @return (C, E, out)
     */
    static NDArray perExpert(NDArray x, NDArray weight, NDArray bias) {
        return isConvolution(x) ? perExpertByConvolution(x, weight, bias) : perExpertByProduct(x, weight, bias);
    }

    static NDArray perExpertByConvolution(NDArray x, NDArray weight, NDArray bias) {
        long experts = weight.getShape().get(0);
        long out = weight.getShape().get(1);
        return convolution(x, weight, bias, Math.toIntExact(experts)).reshape(-1, experts, out); // (C, E, out)
    }

    static NDArray perExpertByProduct(NDArray x, NDArray weight, NDArray bias) {
        NDArray y = x.transpose(1, 0, 2).batchMatMul(weight.transpose(0, 2, 1)); // (E, C, out)
        NDArray biased = bias == null ? y : y.add(bias.expandDims(1)); // (E, C, out)
        return biased.transpose(1, 0, 2); // (C, E, out)
    }

    private static boolean isConvolution(NDArray x) {
        return IS_X86 && !x.getDevice().isGpu() && x.getDataType() == DataType.FLOAT32 && x.size() > small;
    }

    /** (R, G * in) features to (R, G * out), as one picture of R x 1 pixels whose memory has the channels last. */
    private static NDArray convolution(NDArray x, NDArray weight, NDArray bias, int groups) {
        long in = weight.getShape().get(weight.getShape().dimension() - 1);
        NDArray picture = x.reshape(1, -1, 1, groups * in).transpose(0, 3, 1, 2); // (1, G * in, R, 1)
        NDArray kernels = weight.reshape(-1, in, 1, 1); // (G * out, in, 1, 1)
        NDArray y = Conv2d.conv2d(picture, kernels, bias == null ? null : bias.reshape(-1), ONE, NONE, DILATION, groups)
                .singletonOrThrow(); // (1, G * out, R, 1)
        return y.transpose(0, 2, 3, 1).reshape(-1, kernels.getShape().get(0)); // (R, G * out)
    }
}
